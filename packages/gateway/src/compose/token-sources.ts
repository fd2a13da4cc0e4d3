import { createHash } from 'node:crypto'
import type { Clock } from '@headgate/scheduler'
import type { AccountConfig, EntraAuthConfig } from '../config/config.ts'
import { collect } from '../proxy/attempt/collect.ts'
import type { Log } from '../runtime/log.ts'
import { knowCredentials } from '../text/credentials.ts'
import { createEntraToken, type EntraToken, type TokenState } from '../upstream/entra-token.ts'
import type { CredentialSource } from '../wire/credential-source.ts'
import type { Upstream, UpstreamRequest } from '../wire/upstream.ts'
import { wayOf } from './account-access.ts'

/** What the sources of a process share. */
export interface TokenPorts {
  /** Sockets of its own: tokens travel with no account's requests. */
  readonly upstream: Upstream
  readonly clock: Clock
  readonly log: Log
  readonly jitter?: () => number
}

/** The accounts with tokens instead of a key, each with its source. */
export interface TokenSources {
  /** The source of an account; the same one as long as nothing about it changes. Undefined without `auth`. */
  of(account: AccountConfig): CredentialSource | undefined
  /** Closes the sources of accounts that are gone or changed. */
  retain(accounts: readonly AccountConfig[]): void
  states(): ReadonlyMap<string, TokenState & { readonly fetches: FetchCounts }>
  close(): void
}

/** Fetches since the source was made. */
export interface FetchCounts {
  readonly ok: number
  readonly failed: number
}

interface Source {
  readonly madeFrom: string
  readonly token: EntraToken
  readonly fetches: { ok: number; failed: number }
}

const maxAnswerBytes = 64 << 10

/** Creates an empty set. */
export function createTokenSources(ports: TokenPorts): TokenSources {
  const sources = new Map<string, Source>()

  function open(account: AccountConfig, auth: EntraAuthConfig, madeFrom: string): Source {
    const { upstream, clock, log, jitter = Math.random } = ports
    const fetches = { ok: 0, failed: 0 }
    const request = tokenRequest(account, auth)
    const token = createEntraToken({
      ask: () => collect(upstream, request, { limitBytes: maxAnswerBytes, clock }),
      clock,
      jitter,
      onFetch(fetched) {
        if (fetched.kind === 'token') {
          fetches.ok++
          knowCredentials(fetches, [fetched.token])
        } else {
          fetches.failed++
          const why = 'detail' in fetched.fault ? fetched.fault.detail : fetched.fault.kind
          log.warn({ account: account.id, detail: why }, 'A token could not be fetched.')
        }
      },
    })
    return { madeFrom, token, fetches }
  }

  function close({ token, fetches }: Source): void {
    token.close()
    knowCredentials(fetches, [])
  }

  return {
    of(account) {
      if (account.auth === undefined) return undefined
      const known = sources.get(account.id)
      const madeFrom = fingerprint(account)
      if (known?.madeFrom === madeFrom) return known.token
      const made = open(account, account.auth, madeFrom)
      sources.set(account.id, made)
      if (known !== undefined) close(known)
      return made.token
    },
    retain(accounts) {
      const kept = new Set(accounts.filter(({ auth }) => auth !== undefined).map(({ id }) => id))
      for (const [id, source] of sources) {
        if (kept.has(id)) continue
        sources.delete(id)
        close(source)
      }
    },
    states: () =>
      new Map(
        [...sources].map(([id, { token, fetches }]) => [id, { ...token.state(), fetches: { ...fetches } }]),
      ),
    close() {
      for (const source of sources.values()) close(source)
      sources.clear()
    },
  }
}

/** The sockets of an account's token endpoint; no id holds a space, so nothing else goes by this name. */
export const tokenPlace = (accountId: string): string => `${accountId} token`

/** Under the account's own rules: its proxy, its authorities, its filter of addresses. */
function tokenRequest(account: AccountConfig, auth: EntraAuthConfig): UpstreamRequest {
  const { tenantId, clientId, clientSecret, scope, authority } = auth
  const form = new URLSearchParams({
    ...{ grant_type: 'client_credentials', client_id: clientId, scope },
    client_secret: clientSecret.reveal(),
  })
  const { proxy, tls, ...way } = wayOf(account)
  return {
    target: {
      ...way,
      proxy,
      // A certificate of the gateway's and a name of the upstream's are the upstream's business.
      tls: tls?.ca === undefined ? undefined : { ca: tls.ca },
      accountId: tokenPlace(account.id),
      baseUrl: authority,
      headers: [],
    },
    method: 'POST',
    path: `/${tenantId}/oauth2/v2.0/token`,
    headers: [
      ['content-type', 'application/x-www-form-urlencoded'],
      ['accept', 'application/json'],
    ],
    body: Buffer.from(form.toString()),
  }
}

function fingerprint(account: AccountConfig): string {
  const { target, path, body } = tokenRequest(account, account.auth!)
  return createHash('sha256')
    .update(JSON.stringify([target, path, Buffer.from(body as Uint8Array).toString()]))
    .digest('hex')
}
