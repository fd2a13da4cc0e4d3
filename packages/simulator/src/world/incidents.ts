/** Something that goes wrong with some accounts for a while. Instants are milliseconds from the start. */
export type Incident = {
  readonly fromMs: number
  readonly toMs: number
  /** Places of the accounts it befalls. */
  readonly accounts: readonly number[]
} & (
  | { readonly kind: 'brown_out'; readonly firstToken: number; readonly decode: number }
  | { readonly kind: 'dead' }
  | { readonly kind: 'errors'; readonly share: number }
  /** So many tokens until its end, then 429 `insufficient_quota`. */
  | { readonly kind: 'quota'; readonly tokens: number }
)

export type IncidentKind = Incident['kind']

/** What incidents do to an account at an instant. */
export interface Ailment {
  dead: boolean
  /** Share of attempts that fail, beyond the background. */
  errorShare: number
  /** Multiply time to first token, and decoding. */
  firstToken: number
  decode: number
}

/** Tells how each account fares at an instant. */
export interface Incidents {
  readonly all: readonly Incident[]
  /** Reused: read it before asking again. */
  ailmentOf(account: number, nowMs: number): Readonly<Ailment>
}

/** Puts incidents in place. Several may befall one account at once. */
export function createIncidents(all: readonly Incident[], accounts: number): Incidents {
  const byAccount: Incident[][] = Array.from({ length: accounts }, () => [])
  for (const incident of all) for (const account of incident.accounts) byAccount[account]!.push(incident)
  const ailment: Ailment = { dead: false, errorShare: 0, firstToken: 1, decode: 1 }
  return {
    all,
    ailmentOf(account, nowMs) {
      ailment.dead = false
      ailment.errorShare = 0
      ailment.firstToken = 1
      ailment.decode = 1
      for (const incident of byAccount[account]!) {
        if (nowMs >= incident.fromMs && nowMs < incident.toMs) apply(incident, ailment)
      }
      return ailment
    },
  }
}

function apply(incident: Incident, ailment: Ailment): void {
  if (incident.kind === 'dead') ailment.dead = true
  else if (incident.kind === 'errors') ailment.errorShare = Math.max(ailment.errorShare, incident.share)
  else if (incident.kind === 'brown_out') {
    ailment.firstToken *= incident.firstToken
    ailment.decode *= incident.decode
  }
}
