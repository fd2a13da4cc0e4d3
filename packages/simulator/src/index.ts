export { createJobRunner, type Job, type JobResult, type RunLabel, runOnce } from './league/job.ts'
export { type LeagueRow, leagueRow, overallRows } from './league/rows.ts'
export { groupTable, leagueTable } from './league/table.ts'
export type { Figures } from './measure/figures.ts'
export type { GroupMeasures } from './measure/groups.ts'
export { type Measures, measure } from './measure/measures.ts'
export type { Records } from './measure/records.ts'
export { ABLATIONS, POLICIES, policyNamed } from './policies/catalogue.ts'
export type { Observer, Policy, PolicyWorld, RunningPolicy, SimulatedRequest } from './policies/policy.ts'
export { reportHtml } from './report/html.ts'
export type { Stopwatch } from './run/gateways.ts'
export { simulate } from './run/simulate.ts'
export type { RunResult, World } from './run/world.ts'
export { buildWorld, type Traces } from './scenario/build.ts'
export type { Change } from './scenario/changes.ts'
export { scenarioProblems } from './scenario/check.ts'
export { LEAGUE, type LeagueScenario } from './scenario/league.ts'
export { replayWorld } from './scenario/replay.ts'
export type { Problem } from './scenario/rules.ts'
export type { Scenario, ScenarioIncident, ScenarioTenant, WorkloadKind } from './scenario/scenario.ts'
export {
  createDecisionLogReader,
  type DecisionLogReader,
  type LeftOut,
  type Recorded,
  type RecordedPool,
} from './workload/decision-log.ts'
export type { RecordedAccount } from './workload/seen-accounts.ts'
