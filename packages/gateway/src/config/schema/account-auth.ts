import * as z from 'zod'
import { credential, filePath, says, section, text } from './fields.ts'

const plainText = (max: number) =>
  text(
    new RegExp(`^[\\x21-\\x7e]{1,${max}}$`),
    `must be 1 to ${max} printable ASCII characters without spaces`,
    'copy it from the app registration',
  )

/** How an account gets its credential when it is no key: the client credentials of Microsoft Entra ID. */
export const accountAuth = section({
  kind: z
    .literal('entra', { error: says('must be entra', 'write kind: entra, or use apiKey') })
    .describe('Client credentials of Microsoft Entra ID.'),
  tenantId: text(
    /^[A-Za-z0-9][A-Za-z0-9.-]{0,253}$/,
    'must be the id of a directory, or one of its domains',
    'copy the directory (tenant) id from the app registration',
  ).describe('The directory that the app registration is in.'),
  clientId: plainText(255).describe('The id of the app registration.'),
  clientSecret: credential(1).optional().describe(`Its secret; better as "\${VARIABLE}".`),
  clientSecretFile: filePath().optional().describe('A file that holds the secret, instead of clientSecret.'),
  scope: plainText(1024)
    .prefault('https://ai.azure.com/.default')
    .describe('What the tokens are for; older resources want https://cognitiveservices.azure.com/.default.'),
  authority: z
    .string({ error: says('must be a URL', 'write https://HOST') })
    .prefault('https://login.microsoftonline.com')
    .describe('Where tokens are asked for; another one for sovereign clouds.'),
})
