import { describe, expect, it } from 'vitest'
import { FakeUpstream } from '../../test/proxy/fake-sides.ts'
import { CredentialError, type CredentialSource, type HeaderField } from '../wire/credential-source.ts'
import type { UpstreamFault, UpstreamRequest } from '../wire/upstream.ts'
import { withCredentials } from './credentialed.ts'

const bearer = (token: string): HeaderField => ['authorization', `Bearer ${token}`]
const none: CredentialSource = { header: () => bearer('one'), renewed: () => undefined }

/** Sends one request with a source of credentials, or none. */
function send(credential: CredentialSource | undefined, body: UpstreamRequest['body'] = Buffer.from('{}')) {
  const upstream = new FakeUpstream()
  const heard: unknown[] = []
  const target = {
    ...{ accountId: 'a', baseUrl: 'https://x', headers: [] },
    headersTimeoutMs: 1,
    idleTimeoutMs: 1,
  }
  const exchange = withCredentials(upstream).send(
    { target: { ...target, credential }, method: 'POST', path: '/x', headers: [['accept', 'x']], body },
    {
      head: status => heard.push(status),
      data: () => heard.push('data'),
      end: () => heard.push('end'),
      fault: (fault: UpstreamFault, { requestSent }) => heard.push([fault, requestSent]),
    },
  )
  const sent = () => upstream.exchanges.map(({ request }) => request.headers.at(-1)![1])
  return { upstream, exchange, heard, sent }
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await undefined
}

describe('a request of an account with a token', () => {
  it('is sent at once when the token is at hand, as one without is', () => {
    expect(send(none).sent()).toEqual(['Bearer one'])
    expect(send(undefined).sent()).toEqual(['x'])
  })

  it('waits for a token, and is not sent when its client leaves meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<HeaderField>()
    const source = { ...none, header: () => promise }
    const [one, two] = [send(source), send(source)]
    two.exchange.abort()
    one.exchange.pause()
    resolve(bearer('late'))
    await turns()
    expect([one.sent(), two.sent()]).toEqual([['Bearer late'], []])
    expect(one.upstream.last.paused).toBe(true)
  })

  it('that cannot be sent once the token is there is told so, and nothing is left unheard', async () => {
    const { promise, resolve } = Promise.withResolvers<HeaderField>()
    const { upstream, heard } = send({ ...none, header: () => promise })
    upstream.send = () => {
      throw new Error('no such authority')
    }
    resolve(bearer('late'))
    await turns()
    expect(heard).toEqual([[{ kind: 'protocol', detail: 'the request cannot be sent' }, false]])
  })

  it('is told why there is no token, and has not been sent', async () => {
    const fault = { kind: 'auth', detail: 'no' } as const
    const { heard } = send({ ...none, header: () => Promise.reject(new CredentialError(fault)) })
    await turns()
    expect(heard).toEqual([[fault, false]])
  })

  it('is sent once more with a fresh token after a 401, of which nothing is heard', async () => {
    const refused: HeaderField[] = []
    const { upstream, heard, sent } = send({
      header: () => bearer('one'),
      async renewed(field) {
        refused.push(field)
        return bearer('two')
      },
    })
    const first = upstream.last.head(401, [])
    await turns()
    expect(first.state).toBe('aborted')
    expect(sent()).toEqual(['Bearer one', 'Bearer two'])
    expect(refused).toEqual([bearer('one')])
    expect(heard).toEqual([])
    upstream.last.head(200, []).data('x').end()
    expect(heard).toEqual([200, 'data', 'end'])
  })

  it('hears the second 401', async () => {
    const { upstream, heard, sent } = send({
      header: () => bearer('one'),
      renewed: async () => bearer('two'),
    })
    upstream.last.head(401, [])
    await turns()
    upstream.last.head(401, []).end()
    await turns()
    expect(heard).toEqual([401, 'end'])
    expect(sent()).toHaveLength(2)
  })

  it.each([
    ['no other token is to be had', none, Buffer.from('{}')],
    [
      'its body is gone',
      { ...none, renewed: () => expect.unreachable() },
      { [Symbol.asyncIterator]() {} } as never,
    ],
  ])('hears the first 401 when %s', (_why, source, body) => {
    const { upstream, heard } = send(source, body)
    upstream.last.head(401, []).data('x').end()
    expect(heard).toEqual([401, 'data', 'end'])
  })
})
