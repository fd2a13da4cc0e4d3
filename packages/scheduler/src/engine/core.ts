import type { Columns } from '../columns/columns.ts'
import type { Ranked } from '../columns/ranked.ts'
import type { Learning } from '../learning/learning.ts'
import type { Headroom } from '../limits/headroom.ts'
import type { Refusals } from '../limits/refusals.ts'
import type { Draw } from '../pickers/picker.ts'
import type {
  BindingStore,
  Clock,
  HealthNotice,
  LoadListener,
  Random,
  SlotBatch,
  SlotStore,
} from '../ports.ts'
import type { Profile } from '../profile.ts'
import type { SelectionRandom } from '../random.ts'
import type { Scratch } from '../rankers/ranker.ts'
import type { DecisionRing } from './decision-ring.ts'
import type { EligibleSets } from './eligible-set.ts'
import type { Counters } from './metrics.ts'
import type { Releases } from './releases.ts'
import type { Roster } from './roster.ts'
import type { Run } from './run.ts'
import type { Standings } from './standings.ts'
import type { TenantSlots } from './tenant-slots.ts'

/** Everything a selection works with: made once by `createScheduler`, shared by the files of this folder. */
export interface Core {
  readonly pool: string
  readonly profile: Profile
  readonly slots: SlotStore
  readonly releases: Releases
  readonly bindings: BindingStore
  readonly clock: Clock
  readonly random: Random
  /** Dates a monotonic instant. */
  readonly wallTime: (monotonicMs: number) => number
  readonly columns: Columns
  readonly roster: Roster
  readonly sets: EligibleSets
  readonly standings: Standings
  readonly tenants: TenantSlots
  readonly headroom: Headroom
  readonly refusals: Refusals
  /** Tells other schedulers; they learn by themselves soon enough, so a lost notice is none. */
  readonly publish: (notice: HealthNotice) => void
  /** Gives back what was counted for a run's tenant, and looks whether that lets somebody in. */
  readonly tenantLeft: (run: Run) => void
  readonly ring: DecisionRing
  readonly counters: Counters
  readonly listener: LoadListener
  /** True when some account is rate limited for single models. */
  modelLimits: boolean
  /** What the profile learns of its accounts; undefined where it learns nothing. */
  readonly learning: Learning | undefined
  /** Requests that wait in the queue. */
  queueDepth: number
  /** Whether a tenant's request that passes free accounts by would find a place in it. */
  mayQueue: (tenant: string) => boolean
  /** Slots granted so far. */
  grants: number

  // Scratch of the selection under way: never read after an answer that came later.
  readonly ranked: Ranked
  readonly draw: Draw
  readonly selectionRandom: SelectionRandom
  readonly scratch: Scratch
  readonly seed: Uint32Array
  indices: Int32Array
  scores: Float64Array
  /** Batches not in flight. */
  readonly batches: SlotBatch[]
}
