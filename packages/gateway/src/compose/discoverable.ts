import type { AccountConfig } from '../config/config.ts'
import type { Discoverable } from '../discovery/discovery.ts'
import { accountAccess, revisionOf } from './account-access.ts'

/** The sockets of an account's probes; no id holds a space, so nothing else goes by this name. */
export const probePlace = (accountId: string): string => `${accountId} probe`

/** An account as discovery knows it. */
export function discoverable(config: AccountConfig): Discoverable {
  const { id, capabilities, discover } = config
  const target = { ...accountAccess(config).target, accountId: probePlace(id) }
  return { id, revision: `${revisionOf(config)} ${discover.join()}`, target, capabilities, discover }
}
