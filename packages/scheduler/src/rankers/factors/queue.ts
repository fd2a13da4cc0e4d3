import { clamp01 } from './clamp.ts'

/** 1 where nobody waits, 0 where most wait. `divisor` is the largest waiting count of the candidates, at least 1. */
export function queueFactor(waiting: number, divisor: number): number {
  return 1 - clamp01(waiting / divisor)
}
