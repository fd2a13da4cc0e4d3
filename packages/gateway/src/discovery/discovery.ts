import type { Capabilities, CapabilityName } from '../config/config.ts'
import type { Log } from '../runtime/log.ts'
import type { UpstreamTarget } from '../wire/upstream.ts'
import { narrowed } from './narrowed.ts'
import { type Findings, type ProbePorts, probeAccount } from './probe-account.ts'
import { routeProbes } from './route-probes.ts'

/** An account whose upstream may be asked what it lacks. */
export interface Discoverable {
  readonly id: string
  /** Changes when another place or credential stands behind the id: what was learned is then void. */
  readonly revision: string
  readonly target: UpstreamTarget
  readonly capabilities: Capabilities
  /** The capabilities that may be asked about. */
  readonly discover: readonly CapabilityName[]
}

export interface DiscoveryOptions extends ProbePorts {
  readonly log: Log
  /** Something was learned: `capabilities` answers differently from now on. */
  readonly onLearned: () => void
}

/** What upstreams lack, as they say themselves. */
export interface Discovery {
  /** The capabilities of an account, less what its upstream is known to lack. */
  capabilities(account: Pick<Discoverable, 'id' | 'revision' | 'capabilities' | 'discover'>): Capabilities
  /** Asks, in the background, those of these that are new or changed, and forgets the others. */
  follow(accounts: readonly Discoverable[]): void
  close(): void
}

interface Inquiry {
  readonly account: Discoverable
  findings: Findings
  attempts: number
  cancelTimer: (() => void) | undefined
}

/** Upstreams asked at once, each with one question at a time. */
const maxAsking = 4
/** An upstream that told nothing (it may be starting) is asked again, later and later. */
const firstPauseMs = 15_000
const longestPauseMs = 300_000

/**
 * Learns what upstreams lack without holding anything up: nothing waits for it, it takes no slot, and what fails counts
 * against nobody. Until an account has answered, what its kind promises is believed.
 */
export function createDiscovery({ log, onLearned, ...ports }: DiscoveryOptions): Discovery {
  const inquiries = new Map<string, Inquiry>()
  const waiting: Inquiry[] = []
  let asking = 0

  const isCurrent = (inquiry: Inquiry): boolean => inquiries.get(inquiry.account.id) === inquiry

  function drop(inquiry: Inquiry): void {
    inquiry.cancelTimer?.()
    if (isCurrent(inquiry)) inquiries.delete(inquiry.account.id)
  }

  function next(): void {
    while (asking < maxAsking) {
      const inquiry = waiting.shift()
      if (inquiry === undefined) return
      if (!isCurrent(inquiry)) continue
      asking++
      void ask(inquiry).finally(() => {
        asking--
        next()
      })
    }
  }

  async function ask(inquiry: Inquiry): Promise<void> {
    const { account } = inquiry
    const findings = await probeAccount(account.target, askable(account), ports)
    // A reload may have put another account in its place meanwhile.
    if (!isCurrent(inquiry)) return
    const told = Object.values(findings).some(found => found !== 'unknown')
    if (!told) return askLater(inquiry)
    inquiry.findings = findings
    const missing = Object.keys(findings).filter(name => findings[name as CapabilityName] === 'missing')
    if (missing.length === 0) return
    log.info({ account: account.id, fields: missing }, 'An upstream said what it does not serve.')
    onLearned()
  }

  function askLater(inquiry: Inquiry): void {
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** inquiry.attempts++)
    inquiry.cancelTimer = ports.clock.schedule(pauseMs, () => {
      waiting.push(inquiry)
      next()
    })
  }

  return {
    capabilities({ id, revision, capabilities, discover }) {
      const inquiry = inquiries.get(id)
      if (inquiry?.account.revision !== revision) return capabilities
      return narrowed(capabilities, { open: discover, findings: inquiry.findings })
    },
    follow(accounts) {
      const wanted = new Map(accounts.filter(one => askable(one).length > 0).map(one => [one.id, one]))
      for (const inquiry of [...inquiries.values()]) {
        const { id, revision } = inquiry.account
        if (wanted.get(id)?.revision !== revision) drop(inquiry)
      }
      for (const [id, account] of wanted) {
        if (inquiries.has(id)) continue
        const inquiry = { account, findings: {}, attempts: 0, cancelTimer: undefined }
        inquiries.set(id, inquiry)
        waiting.push(inquiry)
      }
      next()
    },
    close() {
      for (const inquiry of [...inquiries.values()]) drop(inquiry)
    },
  }
}

/** What is not taken for granted anyway need not be asked about. */
function askable({ discover, capabilities }: Discoverable): CapabilityName[] {
  return discover.filter(name => capabilities[name] && routeProbes[name] !== undefined)
}
