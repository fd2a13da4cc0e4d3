import type { ClientConfig } from '../config/config.ts'
import { type ClientLookup, createClientLookup, keyDigest } from '../proxy/admission/credentials.ts'

/** Who may call, by the digests of their keys: the keys themselves go no further than here. */
export function clientAccess(clients: readonly ClientConfig[]): ClientLookup {
  return createClientLookup(
    clients.map(({ keys, ...access }) => ({
      access,
      digests: keys.map(key => keyDigest(key.reveal())),
    })),
  )
}
