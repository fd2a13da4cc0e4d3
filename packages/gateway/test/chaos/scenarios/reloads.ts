import { writeFileSync } from 'node:fs'
import { call, generation } from '../rig/client.ts'
import { accountsAt } from '../rig/gateway.ts'
import { holds, type Scenario } from '../rig/scenario.ts'
import { sleep, until } from '../rig/waiting.ts'

const reloadCount = 20
const refusal = 'the configuration was not reloaded'
const streams = 24

/** Accounts come, go and come back while their streams run; every other file is not even one. */
export const reloads: Scenario = {
  claim:
    'twenty reloads, half of them invalid, break no running stream; a valid one counts, an invalid one does not',
  async run(world) {
    const names = ['a', 'b', 'c']
    const profile = { tokensPerSecond: 50, outputTokens: 40 }
    const judge = await world.startJudge(
      Object.fromEntries(names.map(name => [`sk-${name}`, { name, ...profile }])),
    )
    const withAccounts = (ids: readonly string[], limit: number): Record<string, unknown> => ({
      accounts: accountsAt(judge.url, ids, { concurrency: limit }),
      telemetry: { logLevel: 'warn' },
    })
    const gateway = await world.startGateway({ config: withAccounts(names, 10) })
    const endings: Record<string, number> = {}
    let running = true
    const load = Promise.all(
      Array.from({ length: streams }, async () => {
        while (running) {
          const kind = world.random.pick(['sse', 'chat', 'json'] as const)
          const { ending } = await call({ url: gateway.url, ...generation(kind) })
          endings[ending] = (endings[ending] ?? 0) + 1
        }
      }),
    )
    await until(
      'streams running',
      5000,
      async () => (await judge.stats()).total.concurrency.current > streams / 2,
    )
    const said = (text: string): number => gateway.tail().split(text).length - 1
    let inForce = 10
    for (let i = 0; i < reloadCount; i++) {
      const valid = i % 2 === 0
      // Account c goes with its streams running, and comes back.
      const ids = i % 4 === 0 ? ['a', 'b'] : names
      if (valid) gateway.configure(withAccounts(ids, 13 + i))
      else writeFileSync(gateway.configFile, world.random.pick(['accounts: [', 'accounts: 7', 'acounts: []']))
      const refusals = said(refusal)
      gateway.signal('SIGHUP')
      if (valid) {
        inForce = 13 + i
        await until(`reload ${i} in force`, 3000, async () => (await limitOf('a')) === inForce)
      } else {
        await until(`reload ${i} refused`, 3000, () => said(refusal) > refusals)
        holds((await limitOf('a')) === inForce, 'an invalid file changed a limit')
      }
      await sleep(world.random.whole(0, 100))
    }
    running = false
    await load
    const broken = Object.entries(endings).filter(([ending]) => ending !== 'whole')
    holds(
      broken.length === 0,
      `answers ended ${broken.map(([ending, count]) => `${ending}: ${count}`).join(', ')}`,
    )
    const { total } = await judge.stats()
    holds(total.concurrency.current === 0, 'an upstream was left running')
    return `${reloadCount} reloads under ${streams} clients, ${endings['whole']} answers whole`

    async function limitOf(account: string): Promise<number | undefined> {
      const limits = await gateway.metric('headgate_account_limit')
      return [...limits].find(([labels]) => labels.includes(`account="${account}"`))?.[1]
    }
  },
}
