import { clamp01 } from './clamp.ts'

/** 1 for an idle account, 0 for one whose slots are all taken or spoken for. `loadRate` is in percent. */
export function loadFactor(loadRate: number): number {
  return 1 - clamp01(loadRate / 100)
}
