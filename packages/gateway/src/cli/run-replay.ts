import { basename } from 'node:path'
import { PROFILES } from '@headgate/scheduler'
import {
  type Change,
  type JobResult,
  type Recorded,
  replayWorld,
  runOnce,
  type World,
} from '@headgate/simulator'
import { printable } from '../text/printable.ts'
import { policiesOf } from './policies.ts'
import { recordedTraffic } from './recorded-traffic.ts'
import { checkResultFiles, keepResults, tellResults } from './simulation-results.ts'
import { UsageError } from './usage-error.ts'

/** The flags of `headgate replay`, as they were given or by default. */
export interface ReplayFlags {
  readonly log: string
  readonly pool?: string
  readonly set: readonly string[]
  readonly policies: string
  readonly seed: number
  readonly report?: string
  readonly json?: string
}

/** Runs each policy over a log's traffic, prints the table, and writes what was asked for. */
export async function runReplay(flags: ReplayFlags): Promise<void> {
  const policies = policiesOf(flags.policies)
  const changes = flags.set.map(changeOf)
  await checkResultFiles(flags)
  const world = worldOf(await recordedTraffic(flags), flags, changes)
  const name = [`replay of ${basename(flags.log)}`, ...flags.set].join(', ')
  const results: JobResult[] = []
  const stopwatch = { nowMicros: () => performance.now() * 1000 }
  for (const policy of policies)
    results.push(
      await runOnce(world, { id: name, scenario: { name }, seed: flags.seed, policy }, { stopwatch }),
    )
  tellResults(results)
  await keepResults(results, flags)
}

/** @throws UsageError */
function changeOf(text: string): Change {
  // An account's id may hold anything, a value does not.
  const at = text.lastIndexOf('=')
  const key = text.slice(0, Math.max(0, at))
  const value = text.slice(at + 1)
  if (/(?:^|\.)profile$/.test(key) && value !== 'off') throw profileAsChange(text, value)
  if (key !== '') return { key, value }
  throw new UsageError(`--set: ${JSON.stringify(text)} is no change. Fix: write KEY=VALUE, such as load=1.5.`)
}

function profileAsChange(text: string, value: string): UsageError {
  const profiles = Object.keys(PROFILES)
  const known = profiles.includes(value) ? value : 'adaptive'
  const compared = [known === 'balanced' ? 'classic' : 'balanced', known]
  return new UsageError(
    `--set: ${text}: profiles are not set but compared; they are ${profiles.join(', ')}. ` +
      `Fix: write --policies ${compared.join(',')}.`,
  )
}

/** @throws UsageError */
function worldOf(recorded: Recorded, { seed }: ReplayFlags, changes: readonly Change[]): World {
  try {
    return replayWorld(recorded, { seed, changes })
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--set: ${printable(error.message)}`)
    throw error
  }
}
