export { isSchedulerError, SchedulerError, type SchedulerErrorCode } from './errors.ts'
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
export type {
  AccountState,
  AcquireOptions,
  Located,
  Scheduler,
  SchedulerListener,
  SchedulerMetrics,
} from './scheduler.ts'
