import { call, generation, responseIdIn } from '../rig/client.ts'
import { accountsAt, type GatewayProcess } from '../rig/gateway.ts'
import { holds, type Scenario } from '../rig/scenario.ts'
import { sleep } from '../rig/waiting.ts'

const names = ['a', 'b', 'c', 'd']

/** A turn whose answer the client has, at least as far as its id. */
interface Turn {
  readonly how: 'json' | 'sse' | 'cut'
  readonly id: string
  /** The account as its reply names it; the judge's log of the cut ones is asked instead. */
  readonly account: string | undefined
}

/**
 * Ids are bound before they are relayed and written through, so whatever id a client has read outlives the process:
 * of JSON answers, of whole streams, and of streams that the crash itself cut off.
 */
export const conversations: Scenario = {
  claim: 'after kill -9 in the middle of conversations, every next turn finds its account',
  async run(world) {
    const profile = { tokensPerSecond: 60, outputTokens: 30 }
    const judge = await world.startJudge(
      Object.fromEntries(names.map(name => [`sk-${name}`, { name, ...profile }])),
    )
    const config = { accounts: accountsAt(judge.url, names, { concurrency: 20 }) }
    const rounds = world.short ? 2 : 6
    const found = { json: 0, sse: 0, cut: 0 }
    let gateway = await world.startGateway({ config })
    for (let round = 0; round < rounds; round++) {
      const ended = await Promise.all([
        ...Array.from({ length: 6 }, () => wholeTurn(gateway, 'json')),
        ...Array.from({ length: 6 }, () => wholeTurn(gateway, 'sse')),
      ])
      const cut = await turnsCutByCrash(gateway, 8, world.random.whole(0, 60))
      gateway = await world.startGateway({ config })
      for (const turn of [...ended, ...cut]) {
        await continues(gateway, turn)
        found[turn.how]++
      }
    }
    const { accounts } = await judge.stats()
    const used = names.filter(name => accounts[name]!.byEndpoint['responses.create']! > 0).length
    holds(used >= 3, `only ${used} accounts were used: finding the right one proves nothing`)
    const figures = Object.entries(found).map(([how, count]) => `${count} ${how}`)
    return `${rounds} kills, continued: ${figures.join(', ')}`
  },
}

async function wholeTurn(gateway: GatewayProcess, how: 'json' | 'sse'): Promise<Turn> {
  const answer = await call({ url: gateway.url, ...generation(how) })
  holds(
    answer.ending === 'whole',
    `a first turn over ${how} ended ${answer.ending}: ${answer.body.slice(0, 200)}`,
  )
  return { how, id: responseIdIn(answer.body)!, account: accountIn(answer.body) }
}

/** Kills the gateway as soon as every client has read an id, plus a moment. */
async function turnsCutByCrash(gateway: GatewayProcess, count: number, extraMs: number): Promise<Turn[]> {
  const ids = new Map<number, string>()
  const calls = Array.from({ length: count }, (_, index) =>
    call({
      url: gateway.url,
      ...generation('sse'),
      onBytes(text) {
        const id = responseIdIn(text)
        if (id === undefined || ids.has(index)) return
        ids.set(index, id)
        if (ids.size === count) setTimeout(() => gateway.signal('SIGKILL'), extraMs)
      },
    }),
  )
  const answers = await Promise.all(calls)
  await gateway.ended
  const clean = answers.find(({ ending }) => ending !== 'cut')
  holds(clean === undefined, `a stream of a killed gateway ended ${clean?.ending}`)
  return [...ids.values()].map(id => ({ how: 'cut', id, account: undefined }))
}

async function continues(gateway: GatewayProcess, turn: Turn): Promise<void> {
  // The owner may first have to learn that the crash ended its stream.
  const retrieved = await call({ url: gateway.url, method: 'GET', path: `/v1/responses/${turn.id}` })
  holds(
    retrieved.status === 200,
    `retrieving a ${turn.how} response answered ${retrieved.body.slice(0, 200)}`,
  )
  for (let tries = 0; ; tries++) {
    const { path, body } = generation('json', { previous_response_id: turn.id, max_output_tokens: 8 })
    const next = await call({ url: gateway.url, path, body })
    if (next.status === 400 && next.body.includes('not completed') && tries < 20) {
      await sleep(50)
      continue
    }
    holds(
      next.status === 200,
      `the turn after a ${turn.how} one answered ${next.status}: ${next.body.slice(0, 300)}`,
    )
    const account = accountIn(next.body)
    const expected = turn.account ?? account
    holds(account === expected, `a conversation of account ${expected} went on at ${account}`)
    return
  }
}

/** Replies begin with "This is NAME, turn N."; in a stream the whole text comes once more at the end. */
function accountIn(body: string): string | undefined {
  return /This is (\w+), turn/.exec(body)?.[1]
}
