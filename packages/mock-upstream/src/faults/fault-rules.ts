import type { Account } from '../accounts.ts'
import { checkFields } from '../check-fields.ts'
import type { Endpoint } from '../endpoint-names.ts'
import type { MockRandom } from '../random.ts'
import { checkFaultRule } from './check-fault.ts'
import type { Fault } from './fault.ts'

/** A fault, and the requests it strikes. */
export interface FaultRule {
  readonly fault: Fault
  /** Account name or key. Absent: every account. */
  readonly account?: string
  /** Absent: every endpoint. */
  readonly endpoint?: Endpoint
  /** How many requests it strikes before it is gone. Absent: until cleared. */
  readonly times?: number
  /** Chance that a matching request is struck, drawn from the mock's seeded random numbers. Default 1. */
  readonly probability?: number
}

/** A rule in force. */
export interface ActiveFault extends FaultRule {
  readonly id: string
  /** How many requests it has struck. */
  readonly struck: number
}

/**
 * The rules in force, oldest first. A request is struck by the first rule that matches it (and wins its draw), so that
 * rules with `times` form a script: two 500, then one 429, then health.
 */
export class FaultRules {
  readonly #random: MockRandom
  #rules: { -readonly [K in keyof ActiveFault]: ActiveFault[K] }[] = []
  #made = 0

  constructor(random: MockRandom) {
    this.#random = random
  }

  /** Puts a rule in force and returns its id; throws MockConfigError when it is not one. */
  add(rule: FaultRule): string {
    checkFaultRule(rule, 'fault rule')
    this.#made += 1
    const id = `fault-${this.#made}`
    this.#rules.push({ ...rule, id, struck: 0 })
    return id
  }

  /** Takes rules out of force: one by id, those of one account, or all. Returns how many. */
  clear(selector: { readonly id?: string; readonly account?: string } = {}): number {
    checkFields(selector, { id: { type: 'string' }, account: { type: 'string' } }, 'selector')
    const before = this.#rules.length
    this.#rules = this.#rules.filter(
      rule =>
        (selector.id !== undefined && rule.id !== selector.id) ||
        (selector.account !== undefined && rule.account !== selector.account),
    )
    return before - this.#rules.length
  }

  list(): ActiveFault[] {
    return this.#rules.map(rule => ({ ...rule }))
  }

  /** The fault that strikes this request, if any; counts it. */
  take(account: Account, endpoint: Endpoint): Fault | null {
    for (const rule of this.#rules) {
      if (rule.account !== undefined && rule.account !== account.name && rule.account !== account.key)
        continue
      if (rule.endpoint !== undefined && rule.endpoint !== endpoint) continue
      if (rule.probability !== undefined && this.#random() >= rule.probability) continue
      rule.struck += 1
      if (rule.struck === rule.times) this.#rules.splice(this.#rules.indexOf(rule), 1)
      return rule.fault
    }
    return null
  }
}
