import OpenAI from 'openai'
import { afterEach, beforeEach } from 'vitest'
import { createMockUpstream, type MockUpstream, type MockUpstreamOptions } from '../src/index.ts'

/** A mock with two accounts, renewed for every test. */
export interface EndpointsRig {
  readonly upstream: MockUpstream
  /** The SDK as account alpha. */
  readonly alpha: OpenAI
  /** The SDK as account beta, which knows nothing of alpha's. */
  readonly beta: OpenAI
}

/** Gives every test of the file its own rig. */
export function useRig(options: MockUpstreamOptions = {}): EndpointsRig {
  const rig = {} as { -readonly [field in keyof EndpointsRig]: EndpointsRig[field] }
  beforeEach(async () => {
    const accounts = { 'sk-a': { name: 'alpha' }, 'sk-b': { name: 'beta' } }
    rig.upstream = await createMockUpstream({ accounts, ...options })
    rig.alpha = sdk(rig.upstream, 'sk-a')
    rig.beta = sdk(rig.upstream, 'sk-b')
  })
  afterEach(() => rig.upstream.close())
  return rig
}

/** The SDK with a key. */
export function sdk({ url }: MockUpstream, apiKey: string): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })
}
