import type { Decision } from '../model/decision.ts'
import type { NoneReason, WaitPlan } from '../model/selection.ts'
import type { DecisionRing } from './decision-ring.ts'
import type { SlotLease } from './lease.ts'

// Classes with a getter on the prototype: the decision is read when asked for, because most callers of `select`
// never look, and a record costs more to read than to write.

abstract class Recorded {
  readonly #ring: DecisionRing
  readonly #id: number

  constructor(ring: DecisionRing, id: number) {
    this.#ring = ring
    this.#id = id
  }

  get decision(): Decision | undefined {
    return this.#ring.read(this.#id)
  }
}

/** A slot in hand. */
export class Selected extends Recorded {
  readonly kind = 'selected' as const
  readonly lease: SlotLease

  constructor(ring: DecisionRing, id: number, lease: SlotLease) {
    super(ring, id)
    this.lease = lease
  }
}

/** A place to wait. */
export class Waits extends Recorded {
  readonly kind = 'wait' as const
  readonly plan: WaitPlan

  constructor(ring: DecisionRing, id: number, plan: WaitPlan) {
    super(ring, id)
    this.plan = plan
  }
}

/** Neither, and why. */
export class None extends Recorded {
  readonly kind = 'none' as const
  readonly reason: NoneReason
  readonly retryAfterMs?: number

  constructor(ring: DecisionRing, id: number, reason: NoneReason, retryAfterMs: number | undefined) {
    super(ring, id)
    this.reason = reason
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs
  }
}
