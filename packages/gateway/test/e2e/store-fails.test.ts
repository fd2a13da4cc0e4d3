import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'

const stored = { model: 'gpt-5.1', input: 'Good morning' }
const unstored = { ...stored, store: false }

/** Keeps every write out, as a full disk would, until it is called. */
function breakWrites({ folder }: TestGateway): () => void {
  const other = new DatabaseSync(join(folder, 'bindings.db'))
  other.exec('BEGIN IMMEDIATE')
  onTestFinished(() => other.close())
  return () => other.exec('ROLLBACK')
}

async function ask(gateway: TestGateway, path: string, json: object): Promise<[number, string | undefined]> {
  const answer = await gateway.fetch(path, { json })
  const body = (await answer.json()) as { error?: { code?: string } | null }
  return [answer.status, body.error?.code]
}

function creates({ mock }: TestGateway): number {
  const { byEndpoint } = mock.stats().total
  return (byEndpoint['responses.create'] ?? 0) + (byEndpoint['conversations.create'] ?? 0)
}

it('pays for no answer whose id it could not tell, while the store cannot be written', async () => {
  const gateway = await gatewayForTest()
  const mend = breakWrites(gateway)
  expect(await ask(gateway, '/v1/responses', stored)).toEqual([503, 'state_unavailable'])
  expect(await ask(gateway, '/v1/conversations', {})).toEqual([503, 'state_unavailable'])
  expect(creates(gateway)).toBe(0)
  expect(await ask(gateway, '/v1/responses', unstored)).toEqual([200, undefined])
  expect(await gateway.slotsInUse()).toBe(0)
  mend()
  expect(await ask(gateway, '/v1/responses', stored)).toEqual([200, undefined])
  expect(creates(gateway)).toBe(2)
})

it('is not ready while the store cannot be written, and ready again when it can', async () => {
  const gateway = await gatewayForTest()
  const ready = async (): Promise<unknown> => (await gateway.fetch('/ready')).json()
  const mend = breakWrites(gateway)
  await ask(gateway, '/v1/responses', stored)
  expect(await ready()).toEqual({ status: 'store_unreachable' })
  mend()
  expect(await ready()).toMatchObject({ status: 'ready' })
})
