import type { Clock } from '@headgate/scheduler'
import type { AdminWorld, ReloadReport } from '../admin/admin-world.ts'
import type { LoadedConfig, ReadConfig } from '../config/load.ts'
import type { Log } from '../runtime/log.ts'
import { newRequestId } from '../wire/request-id.ts'
import type { DataPlane } from './data-plane.ts'

/** What the admin API of a server is made from. */
export interface AdminParts {
  readonly plane: DataPlane
  readonly readConfig: (() => Promise<ReadConfig>) | undefined
  /** Puts a configuration in force; answers what waits for the next start. */
  readonly apply: (loaded: LoadedConfig) => readonly string[]
  readonly clock: Clock
  readonly log: Log
}

/** The server as the admin API sees it. */
export function adminWorld({ plane, readConfig, apply, clock, log }: AdminParts): AdminWorld {
  return {
    token: () => plane.config.admin.token?.reveal(),
    accounts: () => plane.config.accounts,
    schedulers: () => plane.schedulers,
    operate: (account, action) => plane.operate(account, action),
    async reload(): Promise<ReloadReport> {
      const read = await readConfig?.()
      if (read === undefined) return { kind: 'no_file' }
      if (read.kind === 'rejected') return read
      const later = apply(read.loaded)
      const { accounts, pools } = plane.config
      return { kind: 'reloaded', accounts: accounts.length, pools: pools.length, later }
    },
    newRequestId,
    clock,
    log,
  }
}
