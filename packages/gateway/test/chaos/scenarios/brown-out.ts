import {
  type LoadShape,
  type PlannedTurn,
  planTurns,
  runTurns,
  type ServedTurn,
  slowdown,
} from '../rig/conversations.ts'
import { accountsAt } from '../rig/gateway.ts'
import type { Judge } from '../rig/judge.ts'
import { holds, type Scenario, type World } from '../rig/scenario.ts'
import { sleep } from '../rig/waiting.ts'

const names = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8']
const [brown, dead] = ['a3', 'a6'] as const
const well = { ttftMs: 150, ttftJitter: 0.3, prefillTokensPerSecond: 10_000 }
/** Of each account: so few that some are full at times, or the healed ones would not be missed. */
const slots = 4
const pace = { baseMs: 150, perTokenMs: 0.1 }
const profile = { ...well, tokensPerSecond: 60, outputTokens: 20, concurrency: null }

const hedge = { after: 'auto', budget: 0.1 }
const pools = {
  classic: { scheduler: { profile: 'classic' } },
  balanced: { scheduler: { profile: 'balanced' } },
  adaptive: { scheduler: { profile: 'adaptive' } },
  'adaptive, hedged': { scheduler: { profile: 'adaptive' }, hedge },
}
type Policy = keyof typeof pools
const policies = Object.keys(pools) as Policy[]

/** When what happens, in milliseconds from the start of the load. */
interface Times {
  readonly sickMs: number
  readonly healedMs: number
  readonly endMs: number
}

/** What a policy came to. */
interface Figures {
  readonly slow95: number
  readonly slow99: number
  readonly failed: number
  /** Attempts at the sick account during the incident, over an eighth of all. */
  readonly brownShare: number
  readonly deadShare: number
  /** Seconds from the healing until the account is asked again; undefined when it was not. */
  readonly brownBack: number | undefined
  readonly deadBack: number | undefined
}

/** The same traffic on the same accounts, at the same time, one gateway for each policy. */
export const brownOut: Scenario = {
  claim:
    'with one account browned out and one dead of eight, adaptive keeps more requests from them and is faster than balanced, and balanced than classic',
  async run(world) {
    const times = world.short
      ? { sickMs: 5_000, healedMs: 13_000, endMs: 15_000 }
      : { sickMs: 10_000, healedMs: 30_000, endMs: 85_000 }
    const shape: LoadShape = { durationMs: times.endMs, sessionsPerSecond: 4, turns: 4, gapMs: 1_200 }
    const planned = planTurns(shape, world.random)
    const all = await Promise.all(
      policies.map(async policy => [policy, await measure(world, policy, times, planned)] as const),
    )
    const of = Object.fromEntries(all) as Record<Policy, Figures>
    const table = tableOf(of)
    console.log(table)
    judge(of, world.short)
    return `${planned.length} turns each; slow95 ${policies.map(policy => `${policy} ${of[policy].slow95.toFixed(2)}`).join(', ')}`
  },
}

async function measure(
  world: World,
  policy: Policy,
  times: Times,
  planned: readonly PlannedTurn[],
): Promise<Figures> {
  const judge = await world.startJudge(
    Object.fromEntries(names.map(name => [`sk-${name}`, { name, ...profile }])),
  )
  const gateway = await world.startGateway({
    folder: policy,
    config: {
      accounts: accountsAt(judge.url, names, { concurrency: slots }),
      pools: { default: { accounts: ['*'], ...pools[policy] } },
      telemetry: { logLevel: 'warn' },
    },
  })
  const [served, asked] = await Promise.all([runTurns(gateway.url, planned), incident(judge, times)])
  const during = served.filter(({ atMs }) => atMs >= times.sickMs && atMs < times.healedMs)
  return { ...asked, ...speed(during), failed: served.filter(isFailed).length / served.length }
}

const isFailed = ({ firstTokenMs }: ServedTurn): boolean => firstTokenMs === undefined

function speed(turns: readonly ServedTurn[]): Pick<Figures, 'slow95' | 'slow99'> {
  return { slow95: slowdown(turns, pace, 0.95), slow99: slowdown(turns, pace, 0.99) }
}

/** Makes two accounts sick, heals them, and counts who was asked meanwhile. */
async function incident(
  judge: Judge,
  times: Times,
): Promise<Pick<Figures, 'brownShare' | 'deadShare' | 'brownBack' | 'deadBack'>> {
  await sleep(times.sickMs)
  await judge.setProfile(brown, {
    ttftMs: 10 * well.ttftMs,
    prefillTokensPerSecond: well.prefillTokensPerSecond / 10,
  })
  await judge.fault({ account: dead, fault: { kind: 'status', status: 500 } })
  const before = await asked(judge)
  await sleep(times.healedMs - times.sickMs)
  await judge.setProfile(brown, well)
  await judge.clearFaults(dead)
  const after = await asked(judge)
  const all = names.reduce((sum, name) => sum + after[name]! - before[name]!, 0)
  const share = (name: string): number => ((after[name]! - before[name]!) / all) * names.length
  const shares = { brownShare: share(brown), deadShare: share(dead) }
  const [brownBack, deadBack] = await secondsToReturn(judge, after, times.endMs - times.healedMs)
  return { ...shares, brownBack, deadBack }
}

/** Looks every second when the sick accounts have been asked more often than to probe them. */
async function secondsToReturn(
  judge: Judge,
  before: Readonly<Record<string, number>>,
  withinMs: number,
): Promise<readonly (number | undefined)[]> {
  const back = new Map<string, number>()
  for (let second = 1; second * 1_000 < withinMs && back.size < 2; second++) {
    await sleep(1_000)
    const now = await asked(judge)
    for (const name of [brown, dead])
      if (!back.has(name) && now[name]! - before[name]! > 3) back.set(name, second)
  }
  return [back.get(brown), back.get(dead)]
}

async function asked(judge: Judge): Promise<Readonly<Record<string, number>>> {
  const { accounts } = await judge.stats()
  return Object.fromEntries(names.map(name => [name, accounts[name]?.byEndpoint['responses.create'] ?? 0]))
}

interface Order {
  readonly better: Policy
  readonly worse: Policy
  readonly figures: readonly ('slow95' | 'slow99' | 'brownShare' | 'deadShare')[]
  /** What some hundred requests on two busy cores leave to chance, as a factor. */
  readonly margin: number
}

const orders: readonly Order[] = [
  { better: 'adaptive', worse: 'balanced', figures: ['slow95', 'brownShare', 'deadShare'], margin: 1.3 },
  // Its hedges are attempts as well, some of them at the sick account.
  { better: 'adaptive, hedged', worse: 'balanced', figures: ['slow99', 'deadShare'], margin: 1.3 },
  { better: 'balanced', worse: 'classic', figures: ['slow95', 'brownShare', 'deadShare'], margin: 1.6 },
]

function judge(of: Record<Policy, Figures>, short: boolean): void {
  for (const { better, worse, figures, margin } of orders) {
    for (const figure of figures) {
      const [low, high] = [of[better][figure], of[worse][figure]]
      holds(low <= margin * high + 0.3, `${figure}: ${better} ${low.toFixed(2)}, ${worse} ${high.toFixed(2)}`)
    }
  }
  for (const policy of ['balanced', 'adaptive', 'adaptive, hedged'] as const) {
    const { failed, deadBack } = of[policy]
    holds(failed <= 0.01, `${policy}: ${(100 * failed).toFixed(1)} % of the turns failed`)
    holds(
      short || deadBack !== undefined,
      `${policy}: the dead account was not asked again once it was healed`,
    )
  }
}

function tableOf(of: Record<Policy, Figures>): string {
  const rows = policies.map(policy => {
    const { slow95, slow99, failed, brownShare, deadShare, brownBack, deadBack } = of[policy]
    const figures = [slow95, slow99, 100 * failed, brownShare, deadShare].map(figure => figure.toFixed(2))
    return [policy, ...figures, ...[brownBack, deadBack].map(seconds => `${seconds ?? '-'}`)]
  })
  const head = ['', 'slow95', 'slow99', 'failed %', 'brown x', 'dead x', 'brown back', 'dead back']
  return [head, ...rows]
    .map(row => row.map((cell, at) => (at === 0 ? cell.padEnd(18) : cell.padStart(12))).join(''))
    .map(line => `        ${line}`)
    .join('\n')
}
