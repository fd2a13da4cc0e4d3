import type { UpstreamFault } from '../wire/upstream.ts'

/** A whole answer of a token endpoint, or why there is none. */
export type TokenAnswer =
  | { readonly kind: 'reply'; readonly status: number; readonly body: Uint8Array }
  | { readonly kind: 'fault'; readonly fault: UpstreamFault }
  | { readonly kind: 'too_large' }

/** What it says. */
export type TokenReading =
  | { readonly kind: 'token'; readonly token: string; readonly lifeMs: number }
  | { readonly kind: 'failed'; readonly fault: UpstreamFault }

const day = 86_400

/**
 * Reads an answer of a token endpoint (RFC 6749, sections 5.1 and 5.2). A fault of kind `auth` is a refusal that no
 * waiting mends. Details are codes and statuses: descriptions, which may quote what was sent, are left out.
 */
export function readTokenAnswer(answer: TokenAnswer): TokenReading {
  if (answer.kind === 'too_large') return failed('connect', 'gives an answer that is no token')
  if (answer.kind === 'fault') return { kind: 'failed', fault: ofEndpoint(answer.fault) }
  const { status, body } = answer
  const told = objectOf(body)
  if (status !== 200) {
    const refuses = status >= 400 && status < 500 && status !== 408 && status !== 429
    return failed(refuses ? 'auth' : 'connect', `answers ${status}${codesOf(told)}`)
  }
  const token = told['access_token']
  const seconds = Number(told['expires_in'])
  const usable = typeof token === 'string' && /^[\x21-\x7e]{1,16384}$/.test(token)
  if (!usable || !(seconds > 0)) return failed('connect', 'gives an answer that is no token')
  return { kind: 'token', token, lifeMs: Math.min(seconds, day) * 1000 }
}

/** Says of a fault that it is not the upstream's own. */
function ofEndpoint(fault: UpstreamFault): UpstreamFault {
  const { kind } = fault
  const detail = 'detail' in fault ? fault.detail : 'does not answer in time'
  return { kind: kind === 'tls' ? 'tls' : 'connect', detail: `the token endpoint: ${detail}` }
}

function failed(kind: 'auth' | 'connect', what: string): TokenReading {
  return { kind: 'failed', fault: { kind, detail: `the token endpoint ${what}` } }
}

/** ` invalid_client (AADSTS7000215)`: the error's name and number, where they look like ones. */
function codesOf({ error, error_codes: numbers }: Readonly<Record<string, unknown>>): string {
  const name = typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? ` ${error}` : ''
  const number: unknown = Array.isArray(numbers) ? numbers[0] : undefined
  return Number.isSafeInteger(number) ? `${name} (AADSTS${number})` : name
}

function objectOf(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
