import { busy, selected, stopped } from './conclude.ts'
import type { Core } from './core.ts'
import { isPromise, type Pending } from './maybe-promise.ts'
import { nextFree } from './next-free.ts'
import { REST, type Run, TRY } from './run.ts'
import { takeFirst } from './take-slot.ts'

/** How far the rest of a pool is looked through in one call of a remote store. */
const DEFAULT_BATCH = 64

/** Asks for a slot of the rows in `run.candidates`, some at a time, until one is granted or all were asked. */
export function tryStep(core: Core, run: Run): Pending {
  const rows = run.candidates ?? []
  if (run.at >= rows.length) {
    if (core.profile.tries === 'all') run.step = REST
    else busy(core, run)
    return
  }
  const count = Math.min(core.slots.batchSize ?? DEFAULT_BATCH, rows.length - run.at)
  const from = run.at
  const taken = takeFirst(core, run, rows, from, count, run.by)
  if (isPromise(taken)) return taken.then(granted => tried(core, run, rows, granted))
  return tried(core, run, rows, taken)
}

function tried(core: Core, run: Run, rows: readonly number[], granted: boolean): Pending {
  if (granted) return selected(core, run)
  const asked = rows.slice(run.at, run.at + Math.max(1, run.asked))
  run.at += asked.length
  run.tried = [...run.tried, ...asked]
  stopped(core, run)
}

/** Looks up who else has room, once those that were drawn had none. */
export function restStep(core: Core, run: Run): Pending {
  const rows = nextFree(core, run, run.set!, core.slots.batchSize ?? DEFAULT_BATCH)
  if (rows.length === 0) {
    busy(core, run)
    return
  }
  run.candidates = rows
  run.at = 0
  run.by = 'rank'
  run.step = TRY
}
