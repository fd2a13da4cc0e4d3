import { type Chance, createChance } from '../chance.ts'
import type { World } from '../run/world.ts'
import { agentSessions } from '../workload/agents.ts'
import { drawArrivals, type TenantShare } from '../workload/arrivals.ts'
import { azureTrace } from '../workload/azure.ts'
import { capacity } from '../workload/capacity.ts'
import { mooncakeSessions } from '../workload/mooncake.ts'
import type { SessionTemplate } from '../workload/session.ts'
import { drawAccounts, type WorldAccount } from '../world/accounts.ts'
import type { Incident } from '../world/incidents.ts'
import { type ServerLaw, USUAL_LAW } from '../world/latency.ts'
import type { Scenario, ScenarioIncident, ScenarioTenant } from './scenario.ts'

/** The traces a workload may need, as text; where they come from is the caller's business. */
export interface Traces {
  conversation(): string
  azureCode(): string
  azureConversation(): string
}

const AGENT_TEMPLATES = 400

/** A run keeps some seven hundred bytes of each request, and makes forty thousand a second. */
const MOST_REQUESTS = 2_000_000

/**
 * Makes the world of a scenario and a seed: accounts, sessions, incidents. Every policy is run in the same one.
 * @throws RangeError when it would have more requests than a run can hold
 */
export function buildWorld(scenario: Scenario, seed: number, traces: Traces): World {
  const { workload, gateways = {}, incidents = [] } = scenario
  const law = lawOf(scenario)
  const durationMs = scenario.durationSeconds * 1000
  const source = sourceOf(scenario, seed, traces)
  const mean = capacity(source.templates, law)
  const accounts = drawAccounts(
    {
      ...scenario.accounts,
      tokensPerSlotMinute: mean.tokensPerSlotMinute,
      readingSigma: scenario.servers?.readingSpread ?? 0,
    },
    createChance(seed, 'accounts'),
  )
  const requestsPerSecond =
    workload.load * accounts.reduce((sum, account) => sum + mean.requestsPerSecond(account), 0)
  checkSize((requestsPerSecond * durationMs) / 1000)
  const tenants = workload.tenants ?? [{ name: '', share: 1 }]
  const sessions = drawArrivals(
    {
      ...source,
      ...{ requestsPerSecond, durationMs, keyedShare: workload.keyedShare ?? 0.8 },
      tenants: tenants.map(tenantShare),
    },
    createChance(seed, 'arrivals'),
  )
  return {
    ...{ seed, durationMs, accounts, sessions },
    incidents: placeIncidents(incidents, accounts, createChance(seed, 'incidents')),
    backgroundErrors: scenario.backgroundErrors ?? 0,
    law,
    gateways: gateways.count ?? 1,
    staleMs: (gateways.staleSeconds ?? 0) * 1000,
    restartsMs: (gateways.restartsAtSeconds ?? []).map(at => at * 1000),
    tenants: tenants.map(({ name, weight = 1 }) => ({ name, weight })),
  }
}

function lawOf({ servers = {} }: Scenario): ServerLaw {
  const { load, reading, cacheSeconds, noise } = servers
  return {
    load: load ?? USUAL_LAW.load,
    reading: reading ?? USUAL_LAW.reading,
    cacheMs: cacheSeconds === undefined ? USUAL_LAW.cacheMs : cacheSeconds * 1000,
    noise: noise ?? USUAL_LAW.noise,
  }
}

function checkSize(requests: number): void {
  if (requests <= MOST_REQUESTS) return
  throw new RangeError(
    `the scenario comes to ${Math.round(requests)} requests; a run can have ${MOST_REQUESTS}. ` +
      'Fix: make durationSeconds, accounts.count or workload.load smaller.',
  )
}

function tenantShare({ name, share, fromSeconds, toSeconds }: ScenarioTenant): TenantShare {
  return {
    name,
    share,
    ...(fromSeconds === undefined ? {} : { fromMs: fromSeconds * 1000 }),
    ...(toSeconds === undefined ? {} : { toMs: toSeconds * 1000 }),
  }
}

interface Source {
  readonly templates: readonly SessionTemplate[]
  readonly rhythm?: readonly number[]
}

function sourceOf({ workload }: Scenario, seed: number, traces: Traces): Source {
  switch (workload.kind) {
    case 'agents':
      return { templates: agentSessions(AGENT_TEMPLATES, createChance(seed, 'agents')) }
    case 'conversation':
      return { templates: mooncakeSessions(traces.conversation()) }
    case 'azure-code':
      return azureTrace(traces.azureCode())
    case 'azure-conversation':
      return azureTrace(traces.azureConversation())
  }
}

/** Picks who is befallen: nobody twice by one incident, and by several only when everybody else was. */
function placeIncidents(
  incidents: readonly ScenarioIncident[],
  accounts: readonly WorldAccount[],
  chance: Chance,
): Incident[] {
  let left: number[] = []
  return incidents.map(incident => {
    const fromMs = incident.fromSeconds * 1000
    const befallen: number[] = []
    while (befallen.length < countOf(incident.accounts, accounts.length)) {
      if (left.length === 0)
        left = accounts.map((_, place) => place).filter(place => !befallen.includes(place))
      befallen.push(left.splice(chance.below(left.length), 1)[0]!)
    }
    return {
      ...effect(incident),
      fromMs,
      toMs: fromMs + incident.forSeconds * 1000,
      accounts: befallen,
    } as Incident
  })
}

function countOf(accounts: number | string, all: number): number {
  if (typeof accounts === 'number') return accounts
  const [over, under] = accounts.split('/').map(Number)
  return Math.max(1, Math.floor((all * over!) / under!))
}

type Effect =
  | { readonly kind: 'dead' }
  | { readonly kind: 'brown_out'; readonly firstToken: number; readonly decode: number }
  | { readonly kind: 'errors'; readonly share: number }
  | { readonly kind: 'quota'; readonly tokens: number }

function effect(incident: ScenarioIncident): Effect {
  switch (incident.kind) {
    case 'brown_out':
      return { kind: 'brown_out', firstToken: incident.firstToken ?? 10, decode: incident.decode ?? 2 }
    case 'errors':
      return { kind: 'errors', share: incident.share ?? 0.5 }
    case 'quota':
      return { kind: 'quota', tokens: incident.tokens }
    case 'dead':
      return { kind: 'dead' }
  }
}
