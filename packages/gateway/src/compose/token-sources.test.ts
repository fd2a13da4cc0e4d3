import { createManualClock } from '@headgate/scheduler/memory'
import { expect, it, onTestFinished } from 'vitest'
import { startConnectProxy } from '../../test/fixtures/connect-proxy.ts'
import { FakeUpstream, textOf } from '../../test/proxy/fake-sides.ts'
import type { AccountConfig } from '../config/config.ts'
import { draftOf } from '../config/load.ts'
import { validateDraft } from '../config/validate.ts'
import { nodeClock } from '../runtime/clock.ts'
import type { Log, LogFields } from '../runtime/log.ts'
import { createUpstream } from '../upstream/client.ts'
import { createTokenSources } from './token-sources.ts'

async function azure(fields: object = {}, auth: object = {}): Promise<AccountConfig> {
  const account = {
    ...{ id: 'az', kind: 'azure', baseUrl: 'https://r.example.com/openai/v1', ...fields },
    auth: {
      kind: 'entra',
      tenantId: 'here',
      clientId: 'app',
      clientSecret: 'entra~canary-0123456789',
      ...auth,
    },
  }
  const clients = [{ name: 'c', keys: ['0123456789abcdef'] }]
  const { accounts } = await validateDraft(draftOf({ accounts: [account], clients }), { baseDir: '.' })
  return accounts[0]!
}

function memoryLog(): Log & { readonly lines: LogFields[] } {
  const lines: LogFields[] = []
  const add = (fields: LogFields, message: string) => lines.push({ ...fields, message })
  return { lines, debug: add, info: add, warn: add, error: add }
}

it('asks for a token as the account goes out: its proxy and authorities, not its own certificate', async () => {
  const upstream = new FakeUpstream()
  const sources = createTokenSources({ upstream, clock: createManualClock(), log: memoryLog() })
  const config = await azure({
    proxy: 'http://user:pass@proxy.example.com:3128',
    tls: { serverName: 'inner' },
  })
  void sources.of(config)!.header()
  const { request } = upstream.last
  expect(request.path).toBe('/here/oauth2/v2.0/token')
  expect(request.target).toMatchObject({
    ...{ baseUrl: 'https://login.microsoftonline.com', allowPrivate: false, tls: undefined, headers: [] },
    proxy: { origin: 'http://proxy.example.com:3128', authorization: 'Basic dXNlcjpwYXNz' },
  })
  expect(request.target.accountId).not.toBe('az')
  expect(textOf(request.body as Uint8Array)).toBe(
    'grant_type=client_credentials&client_id=app&scope=https%3A%2F%2Fai.azure.com%2F.default&client_secret=entra%7Ecanary-0123456789',
  )
})

it('keeps a source over reloads that leave the account alone, and makes another when its secret changes', async () => {
  const sources = createTokenSources({
    upstream: new FakeUpstream(),
    clock: createManualClock(),
    log: memoryLog(),
  })
  const one = sources.of(await azure())
  expect(sources.of(await azure())).toBe(one)
  expect(sources.of(await azure({}, { clientSecret: 'another' }))).not.toBe(one)
  expect(sources.of({ ...(await azure()), auth: undefined })).toBeUndefined()
  sources.retain([])
  expect(sources.states().size).toBe(0)
})

it('connects to no address inside the network, whatever the name of the authority leads to', async () => {
  const canary = await startConnectProxy()
  onTestFinished(() => canary.close())
  const upstream = createUpstream({
    resolve: (_name, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
  })
  onTestFinished(() => upstream.close())
  const log = memoryLog()
  const sources = createTokenSources({ upstream, clock: nodeClock, log })
  onTestFinished(() => sources.close())
  const config = await azure({}, { authority: `https://login.example.com:${canary.port}` })
  await expect(sources.of(config)!.header()).rejects.toMatchObject({
    fault: { kind: 'connect', detail: expect.stringContaining('leads to 127.0.0.1, which is loopback') },
  })
  expect(canary.connections()).toBe(0)
  expect(log.lines).toHaveLength(1)
  expect(JSON.stringify(log.lines)).not.toContain('canary')
})
