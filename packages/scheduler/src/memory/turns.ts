import type { Turns } from '../ports.ts'

/**
 * Turns of a single node: it competes with nobody, so announcements go nowhere and no slot is ever reserved.
 * Its scheduler's own queue is what keeps waiting fair.
 */
export function createMemoryTurns(): Turns {
  return {
    announce() {},
    subscribe: () => () => {},
  }
}
