import type { IncomingMessage, ServerResponse } from 'node:http'
import { Account } from './accounts.ts'
import { createRecord } from './api.ts'
import { type EntraError, findEntraAccount, refuseEntra } from './endpoints/entra-token.ts'
import { ENTRA_PATH } from './entra-tokens.ts'
import { readBody } from './request-body.ts'
import type { MockWorld } from './world.ts'

const MAX_FORM_BYTES = 65_536

/**
 * Reads a request for an Entra token and serves it at the account whose client asks, so that the account's faults,
 * counts and log apply; refuses any other client by itself.
 */
export function receiveTokenRequest(
  world: MockWorld,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  serve: (account: Account) => void,
): void {
  readBody(request, MAX_FORM_BYTES, body => {
    const tenant = ENTRA_PATH.exec(request.url!)![1]!
    const form = new URLSearchParams(body?.toString() ?? '')
    const found = findEntraAccount(world, { tenant, form })
    if (found instanceof Account) serve(found)
    else refuse(world, { request, response }, found)
  })
}

function refuse(
  world: MockWorld,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  error: EntraError,
): void {
  world.unauthorized += 1
  const now = world.clock.now()
  const record = createRecord(request, { endpoint: 'entra.token', account: null, now })
  world.log.add({ ...record, endedAt: now, status: error.status })
  refuseEntra(response, error)
}
