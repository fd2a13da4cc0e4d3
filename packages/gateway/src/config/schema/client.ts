import {
  credential,
  filePath,
  fraction,
  listOf,
  modelPattern,
  name,
  oneOf,
  says,
  section,
  whole,
  yesOrNo,
} from './fields.ts'

const rates = section({
  requestsPerMinute: whole(1, 1_000_000_000)
    .optional()
    .describe('Creates in a minute; one more is refused until the minute is over. Omitted: unlimited.'),
  tokensPerMinute: whole(1, 1_000_000_000_000)
    .optional()
    .describe(
      'Tokens in a minute: estimated when a request comes, corrected by what its answer reports. Omitted: unlimited.',
    ),
})

const noModels = says(
  'is an empty list, which would let the client use nothing',
  'name a model, or leave models out for every model',
)

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
  pools: listOf(name(), 1000)
    .prefault([])
    .describe('Other pools the client may choose, request by request, with the header x-headgate-pool.'),
  models: listOf(modelPattern(), 1000)
    .min(1, { error: noModels })
    .optional()
    .describe(
      'The models the client may use; * at the end matches any rest. Omitted: every model of its pools.',
    ),
  batches: yesOrNo()
    .optional()
    .describe(
      'Whether the client may create batches. What the lines of their files name is not looked at: ids of other tenants in them would reach an account that both share. Omitted: only where there is one tenant.',
    ),
  concurrency: whole(1, 100_000)
    .optional()
    .describe(
      'Requests of the client under way at once, those that wait included; one more is refused at once. Requests about what is stored are counted apart, to the same number. Omitted: unlimited.',
    ),
  slots: whole(1, 100_000)
    .optional()
    .describe(
      'Slots of a pool’s accounts that the client’s tenant may hold at once; its further requests wait. Omitted: unlimited.',
    ),
  weight: fraction(0.01, 1000)
    .prefault(1)
    .describe('The tenant’s share of freed slots while several tenants wait, relative to the others’.'),
  priority: whole(-1000, 1000)
    .prefault(0)
    .describe('While requests wait, the higher is always served first. Negative suits background work.'),
  rates: rates.optional().describe('What the client may do in a minute. Omitted: unlimited.'),
  diagnostics: oneOf(['none', 'headers'])
    .prefault('none')
    .describe('headers: answers say which account served, after how many attempts, and by which decision.'),
})
