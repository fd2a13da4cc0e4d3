import { expect, it, onTestFinished } from 'vitest'
import { startConnectProxy } from '../../test/fixtures/connect-proxy.ts'
import { draftOf } from '../config/load.ts'
import { validateDraft } from '../config/validate.ts'
import { probeAccount } from '../discovery/probe-account.ts'
import { nodeClock } from '../runtime/clock.ts'
import { createUpstream } from '../upstream/client.ts'
import { discoverable } from './discoverable.ts'

it('is asked at no address inside the network, whatever its name leads to', async () => {
  const canary = await startConnectProxy()
  onTestFinished(() => canary.close())
  const upstream = createUpstream({
    resolve: (_name, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
  })
  onTestFinished(() => upstream.close())
  const account = { id: 'a', kind: 'openai-compatible', baseUrl: `https://api.example.com:${canary.port}/v1` }
  const clients = [{ name: 'c', keys: ['0123456789abcdef'] }]
  const { accounts } = await validateDraft(draftOf({ accounts: [account], clients }), { baseDir: '.' })
  const { target, discover } = discoverable(accounts[0]!)
  expect(target.accountId).not.toBe('a')
  const findings = await probeAccount(target, discover, { upstream, clock: nodeClock })
  expect(new Set(Object.values(findings))).toEqual(new Set(['unknown']))
  expect(canary.connections()).toBe(0)
})
