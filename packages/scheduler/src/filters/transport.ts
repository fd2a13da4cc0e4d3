import type { Account, Transport } from '../model/account.ts'
import type { Filter } from './filter.ts'

/** True when an account can carry the transport: plain HTTP and no preference fit every account. */
export function carriesTransport(account: Account, transport: Transport): boolean {
  return transport !== 'responses_websockets_v2' || account.supportsWebSocket === true
}

/** Leaves out accounts that cannot carry the request's transport. */
export const transportFilter: Filter = {
  reason: 'transport',
  passes: (account, { transport }) => carriesTransport(account, transport),
}
