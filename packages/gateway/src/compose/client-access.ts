import type { ClientConfig } from '../config/config.ts'
import { type ClientLookup, createClientLookup, keyDigest } from '../proxy/admission/credentials.ts'

/** Who may call, by the digests of their keys: the keys themselves go no further than here. */
export function clientAccess(clients: readonly ClientConfig[]): ClientLookup {
  // Lines of a batch's file pass unread; with one tenant there is nobody else whose ids they could name.
  const isOneTenant = new Set(clients.map(({ tenant }) => tenant)).size === 1
  return createClientLookup(
    clients.map(({ keys, batches = isOneTenant, ...access }) => ({
      access: { ...access, batches },
      digests: keys.map(key => keyDigest(key.reveal())),
    })),
  )
}
