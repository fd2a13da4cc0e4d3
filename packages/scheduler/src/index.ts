export type { AffinityRule, BoundFacts, Verdict } from './affinity/affinity-rule.ts'
export { createScheduler, type SchedulerOptions } from './create-scheduler.ts'
export type { DequeuePolicy } from './dequeue/dequeue.ts'
export { fifo } from './dequeue/fifo.ts'
export { isSchedulerError, SchedulerError, type SchedulerErrorCode } from './errors.ts'
export { type Explanation, explain } from './explain.ts'
export type { Filter, FilterFacts, FilterReason } from './filters/filter.ts'
export { upstreamModel } from './filters/model.ts'
export type { Account, ModelRules, Transport } from './model/account.ts'
export type {
  Decision,
  DecisionAttempt,
  DecisionOutcome,
  DecisionRow,
  FilterCounts,
  Layer,
} from './model/decision.ts'
export type { Lease, Settlement } from './model/lease.ts'
export type { Outcome, OutcomeKind, Usage } from './model/outcome.ts'
export type { ScheduleRequest } from './model/request.ts'
export type { NoneReason, Selection, WaitPlan } from './model/selection.ts'
export type { Draw, Picker } from './pickers/picker.ts'
export { weightedRandom } from './pickers/weighted-random.ts'
export type {
  AccountSource,
  BindingStore,
  Clock,
  HealthNotice,
  HealthStore,
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
export {
  balancedProfile,
  classicProfile,
  loadAwareProfile,
  PROFILES,
  type Profile,
  type ProfileName,
  type ProfileOptions,
  type WaitRule,
} from './profile.ts'
export type { Ranker, RankIndex, Scratch } from './rankers/ranker.ts'
export { weightedSum } from './rankers/weighted-sum.ts'
export { DEFAULT_WEIGHTS, type Weights } from './rankers/weights.ts'
export { type Replay, replay } from './replay.ts'
export type {
  AccountState,
  AcquireOptions,
  Located,
  Scheduler,
  SchedulerListener,
  SchedulerMetrics,
} from './scheduler.ts'
