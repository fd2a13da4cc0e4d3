// The policies of a profile: the contracts, and the parts the shipped profiles are put together from.
export type { AffinityRule, BoundFacts, Verdict } from './affinity/affinity-rule.ts'
export type { BindingScope } from './affinity/binding-key.ts'
export { classicOwner } from './affinity/classic-owner.ts'
export { classicSession } from './affinity/classic-session.ts'
export { pricedSession } from './affinity/priced-session.ts'
export { warmSession } from './affinity/warm-session.ts'
export type { Columns } from './columns/columns.ts'
export type { Ranked } from './columns/ranked.ts'
export { createScheduler } from './create-scheduler.ts'
export type { DequeueLine, DequeuePolicy, StatefulDequeue, StatelessDequeue } from './dequeue/dequeue.ts'
export { tenantFair, warmFair } from './dequeue/fair.ts'
export { fifo } from './dequeue/fifo.ts'
export type { Waiter } from './dequeue/waiter.ts'
export { isSchedulerError, SchedulerError, type SchedulerErrorCode } from './errors.ts'
export { type Explanation, explain, explanationText } from './explain.ts'
export type { Filter, FilterFacts, FilterReason } from './filters/filter.ts'
export { modelFilter } from './filters/model.ts'
export { platformFilter } from './filters/platform.ts'
export { transportFilter } from './filters/transport.ts'
export { type CoolDownRules, DEFAULT_COOL_DOWNS } from './health/cool-down.ts'
export { DEFAULT_EJECTION, type EjectionRules } from './health/ejection.ts'
export { HedgeBudget } from './hedging/hedge-budget.ts'
export { HedgeDelay } from './hedging/hedge-delay.ts'
export { MAX_ODDS } from './learning/error-odds.ts'
// The nouns.
export type { Account, ModelRules, Transport } from './model/account.ts'
export type { AccountEvent, AccountState, OperatorAction, Override } from './model/account-state.ts'
export type {
  Decision,
  DecisionAttempt,
  DecisionOutcome,
  DecisionRow,
  FilterCounts,
  Layer,
  TurnedAway,
} from './model/decision.ts'
export type { Lease, Settlement } from './model/lease.ts'
export type { LimitWindow, ModelLimits, ReportedLimits, ReportedWindow } from './model/limits.ts'
export { upstreamModel } from './model/model-rules.ts'
export type { Outcome, OutcomeKind, Usage } from './model/outcome.ts'
export type { ScheduleRequest } from './model/request.ts'
export type { NoneReason, Selection, WaitPlan } from './model/selection.ts'
export { bestFirst } from './pickers/best-first.ts'
export { leastLoaded } from './pickers/least-loaded.ts'
export type { Draw, Picker } from './pickers/picker.ts'
export { weightedRandom } from './pickers/weighted-random.ts'
// What the core asks of the world.
export type {
  AccountSource,
  BindingStore,
  Clock,
  HealthNotice,
  HealthStore,
  LimitsNotice,
  LimitsNoticeWindow,
  LoadListener,
  MaybePromise,
  Random,
  Slot,
  SlotBatch,
  SlotResult,
  SlotStore,
  Turns,
  Unsubscribe,
} from './ports.ts'
export type { PatienceRule, Profile, WaitRule } from './profile.ts'
export { adaptiveProfile } from './profiles/adaptive.ts'
export { balancedProfile } from './profiles/balanced.ts'
export { classicProfile } from './profiles/classic.ts'
export { loadAwareProfile } from './profiles/load-aware.ts'
export type { ProfileOptions } from './profiles/options.ts'
export { PROFILES, type ProfileName } from './profiles/shipped.ts'
export type { SelectionRandom } from './random.ts'
export { coldCost } from './rankers/costs/cold.ts'
export { crowdingCost } from './rankers/costs/crowding.ts'
export { errorCost } from './rankers/costs/errors.ts'
export { headroomCost } from './rankers/costs/headroom.ts'
export { type CostWeights, DEFAULT_COSTS, expectedCost } from './rankers/expected-cost.ts'
export { level } from './rankers/level.ts'
export type { CostRanker, RankCache, Ranker, RankIndex, RecordedFacts, Scratch } from './rankers/ranker.ts'
export { weightedSum } from './rankers/weighted-sum.ts'
export { DEFAULT_WEIGHTS, type Weights } from './rankers/weights.ts'
export { type Replay, replay } from './replay.ts'
export { randomFew } from './samplers/random-few.ts'
export type { Sampler } from './samplers/sampler.ts'
export type {
  AcquireOptions,
  CancelSignal,
  Located,
  Scheduler,
  SchedulerListener,
  SchedulerMetrics,
  SchedulerOptions,
} from './scheduler.ts'
