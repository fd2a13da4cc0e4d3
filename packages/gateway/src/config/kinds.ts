import type { AccountKind, Capabilities } from './config.ts'

/** What is taken for granted of an account because of its kind, until the file says otherwise. */
export interface KindDefaults {
  /** Where accounts of the kind are; absent: the file has to say. */
  readonly baseUrl?: string
  /** The header its keys travel in. Entra tokens always travel in `authorization`, and never both are sent. */
  readonly keyHeader: 'authorization' | 'api-key'
  /** Whether an account may do without a credential. */
  readonly keyless: boolean
  readonly capabilities: Capabilities
}

/**
 * The one table of account kinds. A capability is true here only where every server of the kind is known to have it:
 * what is wrongly true costs a failed attempt or a lost conversation, what is wrongly false one line in the file.
 */
export const kindDefaults: Readonly<Record<AccountKind, KindDefaults>> = {
  // The reference: serves everything.
  openai: {
    baseUrl: 'https://api.openai.com/v1',
    keyHeader: 'authorization',
    keyless: false,
    capabilities: {
      responses: true,
      storedResponses: true,
      background: true,
      conversations: true,
      compact: true,
      inputTokens: true,
      chat: true,
      storedChat: true,
      embeddings: true,
      files: true,
      vectorStores: true,
      containers: true,
      batches: true,
      websocket: true,
    },
  },
  // The v1 API of Azure OpenAI: keys in `api-key`, and it refuses requests that carry both headers. It keeps
  // responses, files and batches, but the rest is not in every region and resource.
  azure: {
    keyHeader: 'api-key',
    keyless: false,
    capabilities: {
      responses: true,
      storedResponses: true,
      background: true,
      conversations: false,
      compact: false,
      inputTokens: false,
      chat: true,
      storedChat: false,
      embeddings: true,
      files: true,
      vectorStores: true,
      containers: false,
      batches: true,
      websocket: false,
    },
  },
  // vLLM, SGLang, Ollama, llama.cpp, LM Studio and other gateways. vLLM keeps responses only with
  // VLLM_ENABLE_RESPONSES_API_STORE=1 and silently turns `store` off without, Ollama never keeps them; none has
  // conversations. Which routes exist is learned from the server (`discover`).
  'openai-compatible': {
    keyHeader: 'authorization',
    keyless: true,
    capabilities: {
      responses: true,
      storedResponses: false,
      background: false,
      conversations: false,
      compact: false,
      inputTokens: false,
      chat: true,
      storedChat: false,
      embeddings: true,
      files: false,
      vectorStores: false,
      containers: false,
      batches: false,
      websocket: false,
    },
  },
}
