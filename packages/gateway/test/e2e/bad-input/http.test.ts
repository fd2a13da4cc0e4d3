/** What is wrong with the HTTP message itself: heads, framing, paths, bodies, connections. */
import { expect, it } from 'vitest'
import { eventually } from '../../fixtures/eventually.ts'
import { running } from '../../fixtures/mock-log.ts'
import { RawClient } from '../../sockets/raw-client.ts'
import { httpRows } from './http-rows.ts'
import { badInput } from './suite.ts'
import { ask, bearer, body, framed, good, head, json } from './wire.ts'

badInput('a bad HTTP message', httpRows, gateway => {
  it('100-continue is answered only to a credential that holds', async () => {
    const content = good()
    const announce = (field: string): string =>
      head('POST /v1/responses', field, json, 'Expect: 100-continue', `Content-Length: ${content.length}`)
    const welcome = await RawClient.open(gateway().port)
    await welcome.send(announce(bearer(gateway()))).until(text => text.includes('100 Continue'))
    expect((await welcome.send(content).whole()).text).toContain('HTTP/1.1 200 OK')
    const refused = await RawClient.open(gateway().port)
    const refusal = await refused.send(announce('Authorization: Bearer hg-unknown-0123456789')).untilClosed()
    expect(refusal.status).toBe(401)
    expect(refusal.text).not.toContain('100 Continue')
    for (const client of [welcome, refused]) client.close()
  })

  it('a body that drips below the least pace is dropped, however long it keeps dripping', async () => {
    const client = await RawClient.open(gateway().port)
    client.send((await framed(['Content-Length: 1000'])(gateway())) as Uint8Array)
    const drip = setInterval(() => client.send('x'), 10)
    const answer = await client.whole()
    clearInterval(drip)
    client.close()
    expect([answer.status, answer.json?.error.code]).toEqual([408, 'body_timeout'])
  })

  it('of a thousand pipelined requests sixteen are answered, in their order, and the connection closes', async () => {
    const client = await RawClient.open(gateway().port)
    const one = (number: number): string =>
      ask(`GET /v1/models/gpt-none-${number}`)(gateway()) as unknown as string
    const { text } = await client
      .send(Array.from({ length: 1000 }, (_, number) => one(number)).join(''))
      .untilClosed()
    client.close()
    const answered = [...text.matchAll(/"The model \\"gpt-none-(\d+)\\"/g)].map(([, number]) =>
      Number(number),
    )
    expect(answered).toEqual(Array.from({ length: 16 }, (_, number) => number))
  })

  it.each(['end', 'resetAndDestroy'] as const)(
    'a client that goes away while it is being served (%s) ends the work upstream, and frees its slot',
    async leave => {
      gateway().mock.fault({ fault: { kind: 'blackHole' } })
      const client = await RawClient.open(gateway().port)
      client.send((await body(good())(gateway())) as Uint8Array)
      await eventually(() => running(gateway().mock) === 1)
      client.socket[leave]()
      await eventually(() => running(gateway().mock) === 0)
      await eventually(async () => (await gateway().slotsInUse()) === 0)
      expect((await client.untilClosed()).text).toBe('')
      client.close()
      gateway().mock.clearFaults()
    },
  )
})
