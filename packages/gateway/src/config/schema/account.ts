import * as z from 'zod'
import { accountAuth } from './account-auth.ts'
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

const tls = section({
  ca: filePath()
    .optional()
    .describe('A PEM file of authorities that are trusted in the place of the system’s.'),
  cert: filePath().optional().describe('A PEM file with the certificate that the upstream is shown.'),
  key: filePath().optional().describe('A PEM file with its private key, without a passphrase.'),
  serverName: text(
    /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/,
    'must be a host name',
    'write the name that stands in the upstream’s certificate',
  )
    .optional()
    .describe('The name to ask for and to check, where it is not the host of baseUrl.'),
})

export const account = section({
  id: name().describe('The name of the account in logs, metrics and decisions; unique.'),
  kind: oneOf(accountKinds).prefault('openai').describe('The dialect of the upstream.'),
  baseUrl: z
    .string({ error: says('must be a URL', 'write https://HOST/v1') })
    .optional()
    .describe('Where the API is, up to and including /v1. Required unless kind is openai.'),
  apiKey: credential(1).optional().describe(`The key; better as "\${VARIABLE}".`),
  apiKeyFile: filePath().optional().describe('A file that holds the key, instead of apiKey.'),
  auth: accountAuth.optional().describe('Tokens of Microsoft Entra ID, instead of a key; for kind azure.'),
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
  draining: yesOrNo()
    .prefault(false)
    .describe('true: no new work comes to the account; conversations that are bound to it go on.'),
  allowPrivate: yesOrNo()
    .prefault(false)
    .describe('Allows plain http and private, loopback and link-local addresses.'),
  proxy: z
    .string({ error: says('must be a URL', 'write http://HOST:PORT') })
    .optional()
    .describe(
      'The HTTP proxy that connections are tunnelled through, as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT. Omitted: none, whatever the environment says.',
    ),
  tls: tls.optional().describe('How TLS is spoken with the upstream, where the system’s defaults do not do.'),
  discover: yesOrNo()
    .optional()
    .describe(
      'Asks the upstream at the start which capabilities it lacks; costs no tokens. For kind openai-compatible. Omitted: true when capabilities names none.',
    ),
  capabilities: capabilities
    .prefault({})
    .describe('What the upstream can do, where it differs from its kind.'),
  connectTimeout: duration().prefault('10s').describe('For each of TCP, a proxy’s answer and TLS.'),
  headersTimeout: duration().optional().describe('Instead of limits.headersTimeout.'),
  idleTimeout: duration().optional().describe('Instead of limits.idleTimeout.'),
  firstTokenTimeout: duration().optional().describe('Instead of the pool’s firstTokenTimeout.'),
})
