import * as z from 'zod'
import {
  credential,
  duration,
  filePath,
  listOf,
  modelPattern,
  name,
  oneOf,
  says,
  section,
  text,
  whole,
  yesOrNo,
} from './fields.ts'

export const accountKinds = ['openai', 'azure', 'openai-compatible'] as const

const capabilityMeanings = {
  responses: 'Serves /v1/responses.',
  storedResponses: 'Keeps responses, so that previous_response_id, retrieve and delete work.',
  background: 'Takes responses with background: true.',
  conversations: 'Serves /v1/conversations.',
  compact: 'Serves /v1/responses/compact.',
  inputTokens: 'Serves /v1/responses/input_tokens.',
  chat: 'Serves /v1/chat/completions.',
  storedChat: 'Keeps chat completions with store: true, so that retrieve, update and delete work.',
  embeddings: 'Serves /v1/embeddings.',
  files: 'Serves /v1/files.',
  vectorStores: 'Serves /v1/vector_stores.',
  containers: 'Serves /v1/containers.',
  batches: 'Serves /v1/batches.',
  websocket: 'Not used yet. Serves /v1/responses over WebSocket.',
} as const

/** Everything an account may or may not be able to serve. */
export const capabilityNames = Object.keys(capabilityMeanings) as readonly (keyof typeof capabilityMeanings)[]

const upstreamModel = () =>
  text(
    /^[^\s*\p{C}]{1,255}$/u,
    'must be the upstream’s name of the model: 1 to 255 characters without spaces or *',
    'write the name or deployment that the upstream knows',
  )

const headerText = () =>
  text(
    /^[\x21-\x7e]{1,255}$/,
    'must be 1 to 255 printable ASCII characters without spaces',
    'copy the id from the provider',
  )

const models = z.union([listOf(modelPattern(), 10_000), z.record(modelPattern(), upstreamModel())], {
  error: says(
    'must be a list of model names, or a map from model names to the upstream’s names',
    'write ["gpt-5.1", "gpt-4*"] or { gpt-5.1: my-deployment }',
  ),
})

const capabilities = section(
  Object.fromEntries(
    capabilityNames.map(key => [key, yesOrNo().optional().describe(capabilityMeanings[key])]),
  ) as Record<(typeof capabilityNames)[number], z.ZodOptional<z.ZodBoolean>>,
)

export const account = section({
  id: name().describe('The name of the account in logs, metrics and decisions; unique.'),
  kind: oneOf(accountKinds).prefault('openai').describe('The dialect of the upstream.'),
  baseUrl: z
    .string({ error: says('must be a URL', 'write https://HOST/v1') })
    .optional()
    .describe('Where the API is, up to and including /v1. Required unless kind is openai.'),
  apiKey: credential(1).optional().describe(`The key; better as "\${VARIABLE}".`),
  apiKeyFile: filePath().optional().describe('A file that holds the key, instead of apiKey.'),
  organization: headerText().optional().describe('Sent as OpenAI-Organization.'),
  project: headerText().optional().describe('Sent as OpenAI-Project.'),
  stateDomain: name()
    .optional()
    .describe('Accounts with the same value see each other’s stored responses. Omitted: the account’s id.'),
  limitDomain: name()
    .optional()
    .describe('Accounts with the same value share rate limits upstream. Omitted: the account’s id.'),
  concurrency: whole(1, 100_000)
    .optional()
    .describe('Requests in flight at once. Omitted: unlimited, but counted.'),
  priority: whole(0, 1_000_000).prefault(1).describe('Smaller is preferred.'),
  models: models.optional().describe('What the account serves. Omitted: every model.'),
  enabled: yesOrNo().prefault(true).describe('false takes the account out without removing it.'),
  allowPrivate: yesOrNo()
    .prefault(false)
    .describe('Allows plain http and private, loopback and link-local addresses.'),
  capabilities: capabilities
    .prefault({})
    .describe('What the upstream can do, where it differs from its kind.'),
  headersTimeout: duration().optional().describe('Instead of limits.headersTimeout.'),
  idleTimeout: duration().optional().describe('Instead of limits.idleTimeout.'),
  firstTokenTimeout: duration().optional().describe('Instead of the pool’s firstTokenTimeout.'),
})
