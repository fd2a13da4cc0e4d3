import type { Scenario, ScenarioIncident, WorkloadKind } from './scenario.ts'

/** One row of the league table. */
export interface LeagueScenario {
  readonly id: string
  readonly scenario: Scenario
}

/** A brown-out, deaths, an error burst: each befalls other accounts. */
const MIXED: readonly ScenarioIncident[] = [
  { kind: 'brown_out', fromSeconds: 300, forSeconds: 240, accounts: '1/8' },
  { kind: 'dead', fromSeconds: 660, forSeconds: 180, accounts: '1/16' },
  { kind: 'errors', fromSeconds: 960, forSeconds: 60, accounts: '1/8' },
]
const BACKGROUND_ERRORS = 0.003

function mixed(id: string, kind: WorkloadKind, count: number, load: number): LeagueScenario {
  const name = `${kind}, mixed incidents, ${count} accounts, ${load * 100} %`
  return {
    id,
    scenario: {
      ...{ name, durationSeconds: 1_200, accounts: { count }, workload: { kind, load } },
      ...{ incidents: MIXED, backgroundErrors: BACKGROUND_ERRORS },
    },
  }
}

function calm(
  id: string,
  extra: Partial<Scenario> & { readonly count?: number; readonly load?: number } = {},
): LeagueScenario {
  const { count = 50, load = 0.8, ...rest } = extra
  return {
    id,
    scenario: {
      name: `conversation, calm, ${count} accounts, ${load * 100} %`,
      durationSeconds: 1_200,
      accounts: { count },
      workload: { kind: 'conversation', load },
      ...rest,
    },
  }
}

/** R1 on servers that behave otherwise than the adaptive profile was made to expect. */
function unlike(id: string, how: string, servers: NonNullable<Scenario['servers']>): LeagueScenario {
  const { scenario } = mixed(id, 'conversation', 50, 0.8)
  return { id, scenario: { ...scenario, name: `${scenario.name}; ${how}`, servers } }
}

/** The scenarios by which policies are compared. `R11` is no world of its own: attempts over all of them. */
export const LEAGUE: readonly LeagueScenario[] = [
  mixed('R1', 'conversation', 50, 0.8),
  mixed('R2', 'conversation', 50, 0.95),
  mixed('R3', 'conversation', 50, 1.2),
  mixed('R4', 'conversation', 8, 0.8),
  mixed('R5', 'conversation', 8, 0.95),
  mixed('R6', 'agents', 50, 0.8),
  calm('R7'),
  calm('R8', {
    name: 'conversation, accounts die and heal, 50 accounts, 40 %',
    load: 0.4,
    durationSeconds: 600,
    incidents: [{ kind: 'dead', fromSeconds: 200, forSeconds: 180, accounts: '1/16' }],
  }),
  calm('R9', {
    name: 'conversation, calm, four gateways, loads 3 s old',
    gateways: { count: 4, staleSeconds: 3 },
  }),
  calm('R10', { count: 500, durationSeconds: 60 }),
  calm('R10-5000', { count: 5_000, durationSeconds: 6 }),
  unlike('M1', 'load adds nothing', { load: 'none' }),
  unlike('M2', 'load adds nothing up to half, and four times when full', { load: 'steep' }),
  unlike('M3', 'caches forget after two minutes', { cacheSeconds: 120 }),
  unlike('M4', 'long prompts take more than their length, accounts read differently', {
    reading: 'quadratic',
    readingSpread: 0.4,
  }),
  unlike('M5', 'luck varies twice as much', { noise: 0.7 }),
]
