import { type AccountProfile, checkProfile } from './account-profile.ts'
import type { Account, Accounts } from './accounts.ts'
import { checkFields, MockConfigError } from './check-fields.ts'
import type { MockClock, MockTimer } from './clock.ts'
import { checkFaultRule } from './faults/check-fault.ts'
import type { FaultRule, FaultRules } from './faults/fault-rules.ts'

/** When a step happens: milliseconds after the script began, or once so many generations have arrived. */
export type ScenarioTime = number | { readonly afterRequests: number }

/**
 * One step of a script. `fault` puts a rule in force, `profile` changes an account (or all), `heal` clears an account's
 * faults (or all) and restores what was configured. With `account`, `afterRequests` counts that account's requests.
 */
export type ScenarioStep = { readonly at: ScenarioTime; readonly account?: string } & (
  | Omit<FaultRule, 'account'>
  | { readonly profile: AccountProfile }
  | { readonly heal: true }
)

/** What a script acts upon. */
export interface ScenarioWorld {
  readonly clock: MockClock
  readonly accounts: Accounts
  readonly faults: FaultRules
}

interface PendingStep {
  readonly step: ScenarioStep
  requestsLeft: number
}

/** Runs one script at a time. */
export class Scenario {
  readonly #world: ScenarioWorld
  #timers: MockTimer[] = []
  #counting: PendingStep[] = []

  constructor(world: ScenarioWorld) {
    this.#world = world
  }

  /** Starts a script, in place of the one that ran; throws MockConfigError, changing nothing, when a step is wrong. */
  run(steps: readonly ScenarioStep[]): void {
    checkScenario(steps)
    this.stop()
    for (const step of steps) {
      if (typeof step.at !== 'number') this.#counting.push({ step, requestsLeft: step.at.afterRequests })
      else if (step.at === 0) this.#apply(step)
      else this.#timers.push(this.#world.clock.setTimer(() => this.#apply(step), step.at))
    }
    this.#applyReached()
  }

  /** Ends the script; what it has done stays done. */
  stop(): void {
    for (const timer of this.#timers) this.#world.clock.clearTimer(timer)
    this.#timers = []
    this.#counting = []
  }

  /** A generation has arrived and is counted: a step after n requests strikes from request n + 1 on. */
  onRequest(account: Account): void {
    if (this.#counting.length === 0) return
    this.#applyReached()
    for (const pending of this.#counting) {
      const { account: name } = pending.step
      if (name === undefined || name === account.name || name === account.key) pending.requestsLeft -= 1
    }
  }

  #applyReached(): void {
    const reached = this.#counting.filter(pending => pending.requestsLeft <= 0)
    if (reached.length === 0) return
    this.#counting = this.#counting.filter(pending => pending.requestsLeft > 0)
    for (const { step } of reached) this.#apply(step)
  }

  #apply(step: ScenarioStep): void {
    const { accounts, faults } = this.#world
    if ('fault' in step) {
      const { at: _, ...rule } = step
      faults.add(rule)
      return
    }
    if ('heal' in step) faults.clear(step.account === undefined ? {} : { account: step.account })
    for (const account of named(accounts, step.account)) {
      if ('profile' in step) accounts.change(account, step.profile)
      else accounts.restore(account)
    }
  }
}

function named(accounts: Accounts, name: string | undefined): Iterable<Account> {
  if (name === undefined) return accounts.all()
  const account = accounts.find(name)
  return account === undefined ? [] : [account]
}

function checkScenario(steps: unknown): void {
  if (!Array.isArray(steps)) throw new MockConfigError('A scenario must be a list of steps.')
  for (const [index, step] of steps.entries()) {
    const where = `scenario[${index}]`
    const { at, ...action } = (step ?? {}) as { at?: unknown } & Record<string, unknown>
    checkFields({ at: typeof at === 'object' ? 0 : at }, AT_FIELDS, where)
    if (typeof at === 'object') checkFields(at, AFTER_FIELDS, `${where}.at`)
    if ('fault' in action) {
      checkFaultRule(action, where)
      continue
    }
    checkFields(action, ACTION_FIELDS, where)
    if ((action['profile'] === undefined) === (action['heal'] !== true)) {
      throw new MockConfigError(`${where} needs one of: fault, profile, heal: true.`)
    }
    if (action['profile'] !== undefined) checkProfile(action['profile'], `${where}.profile`)
  }
}

const AT_FIELDS = { at: { type: 'number', min: 0, max: 86_400_000, required: true } } as const
const AFTER_FIELDS = { afterRequests: { type: 'integer', min: 0, max: 1e9, required: true } } as const
const ACTION_FIELDS = {
  account: { type: 'string' },
  profile: { type: 'object' },
  heal: { type: 'boolean' },
} as const
