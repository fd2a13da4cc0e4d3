import type { ReportedLimits, ReportedWindow } from '@headgate/scheduler'
import type { HeaderList } from '../../wire/header-list.ts'

const prefix = 'x-ratelimit-'

/** A reset further off than this is no reset of a rate limit but a figure of another kind (an epoch, a bug). */
const maxResetMs = 86_400_000
/** No limit of any service comes near; what does is a placeholder. */
const maxCount = 1e12

/**
 * What an answer's `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` say is left of the account's rate limits.
 * Undefined when they say nothing.
 *
 * A window needs what is left and when it is whole again. Resets are Go durations (`1s`, `6m0s`, `120ms`) at OpenAI
 * and those who copy it, plain seconds elsewhere. A window that makes no sense says nothing: -1 in place of a figure
 * (Azure's Responses API), more left than the limit, a reset more than a day away.
 */
export function rateLimits(headers: HeaderList): ReportedLimits | undefined {
  let figures: Map<string, string> | undefined
  for (const [name, value] of headers) {
    if (!name.startsWith(prefix)) continue
    figures ??= new Map()
    // Sent twice, the first counts: a proxy in between adds its own behind it.
    if (!figures.has(name)) figures.set(name, value)
  }
  if (figures === undefined) return undefined
  const requests = windowOf(figures, 'requests')
  const tokens = windowOf(figures, 'tokens')
  if (requests === undefined && tokens === undefined) return undefined
  return { ...(requests && { requests }), ...(tokens && { tokens }) }
}

/** How long until a spent limit is whole again, in milliseconds: of those with nothing left, the last one's reset. */
export function spentForMs(headers: HeaderList): number | undefined {
  const { requests, tokens } = rateLimits(headers) ?? {}
  let longestMs = 0
  for (const window of [requests, tokens])
    if (window?.remaining === 0) longestMs = Math.max(longestMs, window.resetMs)
  return longestMs > 0 ? longestMs : undefined
}

function windowOf(
  figures: ReadonlyMap<string, string>,
  kind: 'requests' | 'tokens',
): ReportedWindow | undefined {
  const remaining = count(figures.get(`${prefix}remaining-${kind}`))
  const resetMs = durationMs(figures.get(`${prefix}reset-${kind}`))
  if (remaining === undefined || resetMs === undefined) return undefined
  const limit = count(figures.get(`${prefix}limit-${kind}`))
  if (limit === undefined || limit === 0) return { remaining, resetMs }
  return remaining > limit ? undefined : { limit, remaining, resetMs }
}

function count(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,13}$/.test(text)) return undefined
  const value = Number(text)
  return value <= maxCount ? value : undefined
}

const goParts = /(\d{1,9}(?:\.\d{1,12})?)(h|ms|m|s|us|µs|ns)/gy

const unitMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
}

/** A Go duration, or a number of seconds, as milliseconds; undefined for anything else and for more than a day. */
function durationMs(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text.length > 40) return undefined
  const ms = /^\d{1,9}(\.\d{1,12})?$/.test(text) ? Number(text) * 1000 : goDurationMs(text)
  return ms !== undefined && ms <= maxResetMs ? ms : undefined
}

function goDurationMs(text: string): number | undefined {
  let ms = 0
  let end = 0
  for (const [part, figure, unit] of text.matchAll(goParts)) {
    ms += Number(figure) * unitMs[unit!]!
    end += part.length
  }
  return end === text.length ? ms : undefined
}
