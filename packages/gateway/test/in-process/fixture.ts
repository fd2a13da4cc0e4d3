import { createMockUpstream, type MockControl, type MockUpstreamOptions } from '@headgate/mock-upstream'
import OpenAI from 'openai'
import { onTestFinished } from 'vitest'
import type { ConfigObject } from '../../src/config/from-object.ts'
import {
  type CreateFetchOptions,
  createFetch,
  type HeadgateFetch,
} from '../../src/in-process/create-fetch.ts'
import type { FileFields } from '../fixtures/gateway.ts'

export const model = 'gpt-5.1'

/** What a test may change; everything has a default. */
export interface InProcessOptions {
  readonly ids?: readonly string[]
  /** Over the fixture's own fields, for every account. */
  readonly account?: FileFields
  readonly mock?: Omit<MockUpstreamOptions, 'accounts' | 'host' | 'port'>
  readonly config?: Omit<ConfigObject, 'accounts'>
  readonly options?: CreateFetchOptions
}

export interface InProcess {
  readonly fetch: HeadgateFetch
  readonly mock: MockControl
  readonly config: ConfigObject
  /** The official SDK, unchanged, without its own retries. */
  readonly sdk: OpenAI
  /** Slots in use, over all accounts. */
  slotsInUse(): number
}

/** A fetch function over a mock upstream with an account for each id; both closed when the running test is over. */
export async function inProcessForTest(options: InProcessOptions = {}): Promise<InProcess> {
  const { ids = ['a1', 'a2', 'a3'] } = options
  const mock = await createMockUpstream({
    ...options.mock,
    accounts: Object.fromEntries(ids.map(id => [`sk-upstream-${id}`, { name: id }])),
  })
  const accounts = ids.map(id => ({
    id,
    kind: 'openai-compatible' as const,
    baseUrl: `${mock.url}/v1`,
    apiKey: `sk-upstream-${id}`,
    allowPrivate: true,
    concurrency: 8,
    capabilities: { storedResponses: true, background: true },
    ...options.account,
  }))
  const config: ConfigObject = { ...options.config, accounts }
  const fetch = createFetch(config, options.options)
  onTestFinished(async () => {
    await fetch.close({ mode: 'force' })
    await mock.close()
  })
  return {
    fetch,
    mock: mock.control,
    config,
    sdk: new OpenAI({ apiKey: 'unused', maxRetries: 0, fetch }),
    slotsInUse: () =>
      [...fetch.schedulers().values()]
        .flatMap(scheduler => scheduler.accounts())
        .reduce((sum, { inUse }) => sum + inUse, 0),
  }
}
