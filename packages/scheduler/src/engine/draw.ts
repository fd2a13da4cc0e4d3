import { hasRoom } from '../columns/columns.ts'
import { deriveSelectionSeed } from '../random.ts'
import type { Core } from './core.ts'
import type { Run } from './run.ts'

/** Starts the order in which the ranked candidates are tried. */
export function beginDraw(core: Core, run: Run): void {
  const { ranked, seed } = core
  // A sampler has drawn already.
  if (ranked.n > 1 && !run.seeded) {
    const { session = '', previousResponse = '', model, group = null } = run.request
    // Without an anchor the reference mixes its hash with entropy: all entropy is the same, and cheaper.
    if (session === '' && previousResponse === '') core.random.next64(seed)
    else deriveSelectionSeed(seed, { session, previousResponse, model, group }, core.random)
    seedRun(core, run)
  }
  core.draw.begin(ranked, core.columns, core.selectionRandom)
}

/** True for a row that need not be asked: the columns show it full, and the profile trusts them. */
export function skips(core: Core, run: Run, row: number): boolean {
  if (run.tried.length > 0 && run.tried.includes(row)) return true
  if (core.profile.tries === 'top_k' || hasRoom(core.columns, row)) return false
  core.ring.tried(run.decisionId, row, 'seen_full', 'draw')
  return true
}

/** All rows still to be drawn, for a store that answers later: the draw itself cannot wait. */
export function drawn(core: Core, run: Run): number[] {
  const { ranked, draw } = core
  const rows: number[] = []
  for (let place = draw.next(); place >= 0; place = draw.next()) {
    const row = ranked.rows[place]!
    if (!skips(core, run, row)) rows.push(row)
  }
  const waitFor = draw.waitFor()
  run.waitRow = waitFor < 0 ? -1 : ranked.rows[waitFor]!
  return rows
}

/** Starts the selection's own chance from the seed in hand, and has it recorded. */
export function seedRun({ seed, selectionRandom }: Core, run: Run): void {
  run.seeded = true
  run.seedLow = seed[0]!
  run.seedHigh = seed[1]!
  selectionRandom.seed(run.seedLow, run.seedHigh)
}
