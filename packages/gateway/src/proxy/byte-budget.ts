import { GatewayError } from './errors/errors.ts'

/**
 * Bounds the bytes that all requests together keep in memory, and what one tenant may keep of them: no more than it
 * leaves free. One tenant ends at half of the budget, the next at half of the rest, so that whoever fills its share
 * leaves room for those who come later. (Switches share their buffers between ports like this: Choudhury and Hahne,
 * "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", 1998, with α = 1.)
 */
export interface ByteBudget {
  /** What one tenant may take; the same object each time. */
  of(tenant: string): ByteShare
  readonly used: number
}

/** One tenant's part of the budget. */
export interface ByteShare {
  /**
   * Takes `bytes`, or answers why they do not fit now: `tenant_memory` when they would if the tenant held nothing else,
   * `gateway_overloaded` when others leave too little.
   */
  take(bytes: number): GatewayError | undefined
  give(bytes: number): void
}

/** A budget of `limitBytes`. While `hasOneTenant`, that one may take all of it. */
export function createByteBudget(limitBytes: number, hasOneTenant: () => boolean): ByteBudget {
  // As many as the configuration names, over all reloads.
  const shares = new Map<string, ByteShare>()
  let used = 0

  function createShare(): ByteShare {
    let held = 0
    return {
      take(bytes) {
        const wanted = held + bytes
        const others = used - held
        const leavesFree = limitBytes - others - wanted
        const alone = hasOneTenant()
        if (leavesFree < (alone ? 0 : wanted)) {
          const isOwnDoing = !alone && held > 0 && 2 * bytes <= limitBytes - others
          return new GatewayError(isOwnDoing ? 'tenant_memory' : 'gateway_overloaded', { retryAfterMs: 1000 })
        }
        held = wanted
        used += bytes
        return undefined
      },
      give(bytes) {
        held -= bytes
        used -= bytes
      },
    }
  }

  return {
    of(tenant) {
      let share = shares.get(tenant)
      if (share === undefined) {
        share = createShare()
        shares.set(tenant, share)
      }
      return share
    },
    get used() {
      return used
    },
  }
}
