import { randomBytes } from 'node:crypto'
import type { Account } from './accounts.ts'

/** The paths of Entra ID; their first segment is the tenant. */
export const ENTRA_PATH = /^\/([^/?]+)\/oauth2\/v2\.0\/token(?:\?|$)/

/** Microsoft's own default life of an access token, in seconds. */
const DEFAULT_LIFE_SECONDS = 3599
const MAX_TOKENS = 10_000

/** A token that was issued. */
export interface EntraToken {
  readonly token: string
  readonly expiresInSeconds: number
}

/** Whose token was presented: an account's, one whose life is over, or one that this mock never issued. */
export type TokenOwner =
  | { readonly kind: 'account'; readonly account: Account }
  | { readonly kind: 'expired' }
  | { readonly kind: 'unknown' }

/** The access tokens that the mock's Entra ID has issued. They look like JWTs, so that what redacts JWTs is put to the test. */
export class EntraTokens {
  readonly #issued = new Map<string, { readonly account: Account; readonly expiresAtMs: number }>()

  issue(account: Account, nowMs: number): EntraToken {
    const expiresInSeconds = account.profile.entra?.expiresInSeconds ?? DEFAULT_LIFE_SECONDS
    const expiresAtMs = nowMs + expiresInSeconds * 1000
    const claims = {
      aud: 'https://ai.azure.com',
      exp: Math.floor(expiresAtMs / 1000),
      appid: account.profile.entra?.clientId,
    }
    const parts = [{ typ: 'JWT', alg: 'RS256' }, claims].map(part => Buffer.from(JSON.stringify(part)))
    const token = [...parts, randomBytes(32)].map(part => part.toString('base64url')).join('.')
    this.#issued.set(token, { account, expiresAtMs })
    if (this.#issued.size > MAX_TOKENS) this.#issued.delete(this.#issued.keys().next().value!)
    return { token, expiresInSeconds }
  }

  ownerOf(credential: string, nowMs: number): TokenOwner {
    const issued = this.#issued.get(credential)
    if (issued === undefined) return { kind: 'unknown' }
    if (nowMs >= issued.expiresAtMs) return { kind: 'expired' }
    return { kind: 'account', account: issued.account }
  }

  clear(): void {
    this.#issued.clear()
  }
}
