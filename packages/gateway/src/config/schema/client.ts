import { credential, filePath, listOf, name, oneOf, section, whole } from './fields.ts'

export const client = section({
  name: name().describe('The name of the client in logs and metrics; unique.'),
  tenant: name()
    .optional()
    .describe('Clients of one tenant share conversations. Omitted: the client’s name.'),
  keys: listOf(credential(16), 100)
    .optional()
    .describe('The keys the client may present, at least 16 characters each. Several allow rotation.'),
  keysFile: filePath().optional().describe('A file with one key a line, instead of keys.'),
  pool: name().prefault('default').describe('The pool that serves the client.'),
  concurrency: whole(1, 100_000)
    .optional()
    .describe('Requests of the client in flight at once. Omitted: unlimited.'),
  diagnostics: oneOf(['none', 'headers'])
    .prefault('none')
    .describe('headers: answers say which account served, after how many attempts, and by which decision.'),
})
