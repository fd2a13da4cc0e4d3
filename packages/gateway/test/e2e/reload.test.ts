/** What a reload must not do to the requests it meets. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'
import { RawClient } from '../sockets/raw-client.ts'

const model = 'gpt-5.1'
const otherScheduler = { pools: { default: { accounts: ['*'], scheduler: { profile: 'load-aware' } } } }

/** Where the decision log of a test goes. */
async function logFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-reload-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'decisions.jsonl')
}

interface Line {
  readonly request: { readonly tenant: string; readonly decisionId: number }
  readonly decisions: readonly { readonly id: number; readonly request: { readonly tenant: string } }[]
}

describe('a reload that changes how a pool schedules', () => {
  it('leaves a request alone whose body is still being read', async () => {
    const gateway = await gatewayForTest()
    const body = JSON.stringify({ model, input: 'hello' })
    const client = await RawClient.open(gateway.port)
    onTestFinished(() => client.close())
    const head = [
      'POST /v1/responses HTTP/1.1',
      'host: x',
      `authorization: Bearer ${gateway.key()}`,
      'content-type: application/json',
      `content-length: ${body.length}`,
      'expect: 100-continue',
    ]
    client.send(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 5)}`)
    // The gateway has begun to read.
    await client.until(text => text.includes('100 Continue'))
    await gateway.reload(otherScheduler)
    client.send(body.slice(5))
    const answer = await client.until(text => text.includes('HTTP/1.1 200') || text.includes('"error"'))
    expect(answer.text).toContain('HTTP/1.1 200')
  })

  it('mixes no decision of one tenant into the line of another', async () => {
    const path = await logFile()
    const clients = [{ name: 'alice' }, { name: 'bob' }]
    const options = { clients, telemetry: { decisionLog: { path } } }
    const gateway = await gatewayForTest(options)
    const ask = (gateway: TestGateway, client: string) =>
      gateway.fetch('/v1/responses', { client, json: { model, input: 'x', stream: true } })
    gateway.mock.fault({ fault: { kind: 'stall', afterEvents: 8 }, times: 1 })
    const slow = await ask(gateway, 'alice')
    await gateway.reload({ ...options, ...otherScheduler })
    // The new scheduler counts from the same beginning: its first decisions are bob's.
    for (let count = 0; count < 3; count++) await (await ask(gateway, 'bob')).text()
    await slow.body!.cancel()
    await gateway.close()
    const lines = (await readFile(path, 'utf8')).trim().split('\n')
    const read = lines.map(line => JSON.parse(line) as Line)
    expect(read.map(({ request }) => request.tenant).toSorted()).toEqual(['alice', 'bob', 'bob', 'bob'])
    for (const { request, decisions } of read) {
      expect(decisions.map(({ id }) => id)).toEqual([request.decisionId])
      expect(decisions[0]!.request.tenant).toBe(request.tenant)
    }
  })
})
