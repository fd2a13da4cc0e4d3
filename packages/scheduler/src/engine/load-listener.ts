import { refreshLoad } from '../columns/columns.ts'
import type { LoadListener } from '../ports.ts'
import type { Core } from './core.ts'
import type { CoreEvents } from './create-core.ts'

/** Creates what keeps the columns' loads in step with the slot store. */
export function createLoadListener(
  { columns, roster, profile }: Pick<Core, 'columns' | 'roster' | 'profile'>,
  events: Pick<CoreEvents, 'opened' | 'lost'>,
): LoadListener {
  return {
    load(account, inUse, waiting) {
      const row = roster.rowOf(account)
      if (row < 0) return
      columns.inUse[row] = inUse
      columns.waitingElsewhere[row] = waiting
      refreshLoad(columns, row)
      events.opened(row)
    },
    readable(state) {
      columns.loadsVisible = state === 'restored' || profile.unreadableLoads === 'keep'
      for (let row = 0; row < columns.size; row++) refreshLoad(columns, row)
    },
    lost: events.lost,
  }
}
