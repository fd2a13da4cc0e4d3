/** Which models and pools a client may use, and that it learns nothing of the others. */
import { describe, expect, it } from 'vitest'
import { gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'
import { accountsAsked } from '../fixtures/mock-log.ts'

const models = ['gpt-5.1', 'gpt-5-mini', 'o4-mini']
const account = (id: string, offers = models) => ({ id, profile: { models }, config: { models: offers } })

/** An answer without the request's own id and date, and with the name asked for taken out. */
async function told(answer: Response, name: string): Promise<unknown> {
  const text = await answer.text()
  const headers = [...answer.headers].filter(
    ([field]) => !['date', 'x-request-id', 'content-length'].includes(field),
  )
  return {
    status: answer.status,
    headers,
    body: text.replaceAll(answer.headers.get('x-request-id')!, '<request>').replaceAll(name, '<name>'),
  }
}

describe('a client with models', () => {
  const gateway = () =>
    gatewayForTest({
      accounts: [account('a1')],
      clients: [{ name: 'lab', models: ['gpt-5.1', 'o4*'] }, { name: 'all' }],
    })

  it.each([
    ['a response', '/v1/responses', { input: 'x' }],
    ['a chat', '/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }] }],
  ])('gets for %s of another one the answer to one that does not exist', async (_what, path, body) => {
    const one = await gateway()
    const ask = async (model: string) =>
      await told(await one.fetch(path, { client: 'lab', json: { model, ...body } }), model)
    const forbidden = await ask('gpt-5-mini')
    expect(forbidden).toMatchObject({ status: 404 })
    expect(JSON.stringify(forbidden)).not.toContain('gpt-5-mini')
    // As far from the names it may see as the forbidden one.
    expect(forbidden).toEqual(await ask('gpt-5-maxi'))
    expect(one.mock.requests()).toHaveLength(0)
    const allowed = await one.fetch(path, { client: 'lab', json: { model: 'o4-mini', ...body } })
    expect(allowed.status).toBe(200)
  })

  it('may not create a batch, whose models nobody reads', async () => {
    const one = await gateway()
    const json = { input_file_id: 'file-1', endpoint: '/v1/responses', completion_window: '24h' }
    const refused = await one.fetch('/v1/batches', { client: 'lab', json })
    expect([refused.status, (await refused.json()).error.code]).toEqual([403, 'batches_not_permitted'])
    expect(one.mock.requests()).toHaveLength(0)
  })

  it('may create one where there is one tenant, or where its operator says so, and nowhere else', async () => {
    const json = { input_file_id: 'file-1', endpoint: '/v1/responses', completion_window: '24h' }
    const answers = async (clients: { name: string; tenant?: string; batches?: boolean }[]) => {
      const one = await gatewayForTest({ accounts: [account('a1')], clients })
      const answer = await one.fetch('/v1/batches', { client: clients[0]!.name, json })
      return ((await answer.json()) as { error: { code: string } }).error.code
    }
    // The file is nobody's: whoever gets so far may create batches.
    expect(
      await answers([
        { name: 'app', tenant: 't' },
        { name: 'job', tenant: 't' },
      ]),
    ).toBe('file_not_found')
    expect(await answers([{ name: 'app' }, { name: 'other' }])).toBe('batches_not_permitted')
    expect(await answers([{ name: 'app', batches: true }, { name: 'other' }])).toBe('file_not_found')
    expect(await answers([{ name: 'app', batches: false }])).toBe('batches_not_permitted')
  })

  it('sees those alone in the list, and the others like ones that do not exist', async () => {
    const one = await gateway()
    const list = async (client: string) =>
      ((await (await one.fetch('/v1/models', { client })).json()) as { data: { id: string }[] }).data.map(
        ({ id }) => id,
      )
    expect(await list('lab')).toEqual(['gpt-5.1', 'o4-mini'])
    expect(await list('all')).toEqual(['gpt-5-mini', 'gpt-5.1', 'o4-mini'])
    const get = async (model: string) =>
      await told(await one.fetch(`/v1/models/${model}`, { client: 'lab' }), model)
    expect(await get('gpt-5-mini')).toEqual(await get('gpt-5-maxi'))
    expect((await one.fetch('/v1/models/gpt-5.1', { client: 'lab' })).status).toBe(200)
  })
})

describe('a client with pools', () => {
  const gateway = () =>
    gatewayForTest({
      accounts: [account('main'), account('spare'), account('secret')],
      clients: [{ name: 'app', pool: 'first', pools: ['second'] }],
      pools: {
        first: { accounts: ['main'] },
        second: { accounts: ['spare'] },
        hidden: { accounts: ['secret'] },
      },
    })
  const ask = (one: TestGateway, pool?: string) =>
    one.fetch('/v1/responses', {
      json: { model: 'gpt-5.1', input: 'x' },
      ...(pool === undefined ? {} : { headers: { 'x-headgate-pool': pool } }),
    })

  it('is served by its own unless it names another', async () => {
    const one = await gateway()
    for (const pool of [undefined, 'second', 'first']) expect((await ask(one, pool)).status).toBe(200)
    expect(accountsAsked(one.mock)).toEqual(['main', 'spare', 'main'])
  })

  it('gets one answer for a pool that is not its own and for one that does not exist', async () => {
    const one = await gateway()
    const forbidden = await told(await ask(one, 'hidden'), 'hidden')
    expect(forbidden).toMatchObject({ status: 404, body: expect.stringContaining('pool_not_found') })
    expect(forbidden).toEqual(await told(await ask(one, 'nobody'), 'nobody'))
    expect(one.mock.requests()).toHaveLength(0)
  })
})
