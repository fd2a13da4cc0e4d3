import type { Account } from '@headgate/scheduler'

/**
 * The yardstick: the same algorithm as one would first write it. Objects for candidates, BigInt for the 64-bit
 * arithmetic, a sort for the top K, and the same decision recorded as an object in a ring.
 */

interface Candidate {
  readonly account: Account
  readonly inUse: number
  readonly loadRate: number
  readonly waiting: number
  readonly errorRate: number
  readonly ttftMs: number | undefined
  score: number
  terms: number[]
}

interface Stat {
  errorRate: number
  ttftMs: number | undefined
}

const MASK = (1n << 64n) - 1n
const WEIGHTS = { priority: 1, load: 1, queue: 0.7, errorRate: 0.8, ttft: 0.5 }
const TOP_K = 7
const RING = 1024
const TERM_NAMES = ['priority', 'load', 'queue', 'errorRate', 'ttft']

const clamp01 = (value: number): number => Math.min(1, Math.max(0, value))

/** One full cycle after another: select, acquire, report, release. */
export function createObjectsScheduler(accounts: readonly Account[], random64: () => bigint) {
  const inUse = new Map<string, number>()
  const waiting = new Map<string, number>()
  const stats = new Map<string, Stat>()
  const decisions: object[] = []
  let nextId = 1

  function seedOf(model: string): bigint {
    let hash = 0xcbf29ce484222325n
    for (const byte of new TextEncoder().encode(model)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & MASK
    return hash ^ random64()
  }

  function* draws(seed: bigint): Generator<number> {
    let state = seed === 0n ? 0x9e3779b97f4a7c15n : seed
    for (;;) {
      state ^= state >> 12n
      state = (state ^ (state << 25n)) & MASK
      state ^= state >> 27n
      yield Number(((state * 2685821657736338717n) & MASK) >> 11n) / 2 ** 53
    }
  }

  function candidatesFor(model: string): Candidate[] {
    return accounts
      .filter(account => account.schedulable !== false && serves(account, model))
      .map(account => {
        const used = inUse.get(account.id) ?? 0
        const waits = waiting.get(account.id) ?? 0
        const limit = account.concurrency ?? 0
        const stat = stats.get(account.id)
        return {
          account,
          waiting: waits,
          inUse: used,
          loadRate: limit > 0 ? Math.floor(((used + waits) * 100) / limit) : 0,
          errorRate: stat?.errorRate ?? 0,
          ttftMs: stat?.ttftMs,
          score: 0,
          terms: [],
        }
      })
  }

  function score(candidates: Candidate[]): void {
    const priorities = candidates.map(({ account }) => account.priority ?? 0)
    const minP = priorities.reduce((a, b) => Math.min(a, b))
    const maxP = priorities.reduce((a, b) => Math.max(a, b))
    const most = candidates.reduce((a, b) => Math.max(a, b.waiting), 1)
    const sampled = candidates.filter(({ ttftMs }) => ttftMs !== undefined).map(({ ttftMs }) => ttftMs!)
    const minT = sampled.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
    const maxT = sampled.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    for (const candidate of candidates) {
      const { account, loadRate, errorRate, ttftMs } = candidate
      candidate.terms = [
        WEIGHTS.priority * (maxP > minP ? 1 - ((account.priority ?? 0) - minP) / (maxP - minP) : 1),
        WEIGHTS.load * (1 - clamp01(loadRate / 100)),
        WEIGHTS.queue * (1 - clamp01(candidate.waiting / most)),
        WEIGHTS.errorRate * (1 - clamp01(errorRate)),
        WEIGHTS.ttft *
          (ttftMs !== undefined && maxT > minT ? 1 - clamp01((ttftMs - minT) / (maxT - minT)) : 0.5),
      ]
      candidate.score = candidate.terms.reduce((a, b) => a + b)
    }
  }

  function better(a: Candidate, b: Candidate): number {
    return (
      b.score - a.score ||
      (a.account.priority ?? 0) - (b.account.priority ?? 0) ||
      a.loadRate - b.loadRate ||
      a.waiting - b.waiting ||
      a.account.order - b.account.order
    )
  }

  function weightedOrder(ranked: Candidate[], seed: bigint): Candidate[] {
    const min = Math.min(...ranked.map(candidate => candidate.score))
    const pool = ranked.map(candidate => ({ candidate, weight: candidate.score - min + 1 }))
    const random = draws(seed)
    const order: Candidate[] = []
    while (pool.length > 0) {
      const r = random.next().value! * pool.reduce((sum, { weight }) => sum + weight, 0)
      let sum = 0
      let at = pool.findIndex(({ weight }) => {
        sum += weight
        return r <= sum
      })
      if (at < 0) at = 0
      order.push(pool.splice(at, 1)[0]!.candidate)
    }
    return order
  }

  return {
    cycle(model: string, firstTokenMs: number): string {
      const startedMs = performance.now()
      const candidates = candidatesFor(model)
      score(candidates)
      const loads = candidates.map(({ loadRate }) => loadRate)
      const mean = loads.reduce((a, b) => a + b, 0) / loads.length
      const skew = Math.sqrt(Math.max(0, loads.reduce((a, b) => a + b * b, 0) / loads.length - mean * mean))
      const ranked = candidates.toSorted(better).slice(0, TOP_K)
      const seed = seedOf(model)
      const order = weightedOrder(ranked, seed)
      const attempts: object[] = []
      const chosen = order.find(({ account }) => {
        const used = inUse.get(account.id) ?? 0
        const free = (account.concurrency ?? 0) <= 0 || used < account.concurrency!
        if (free) inUse.set(account.id, used + 1)
        attempts.push({ account: account.id, result: free ? 'granted' : 'full', by: 'draw' })
        return free
      })!
      const decision = {
        id: nextId++,
        profile: 'balanced',
        pool: 'default',
        wallMs: Date.now(),
        request: {
          tenant: '',
          model,
          transport: '',
          session: '',
          previousResponse: '',
          group: null,
          owners: [],
          excluded: [],
        },
        layer: 'load_balance',
        result: 'selected',
        reason: undefined,
        plan: undefined,
        account: chosen.account.id,
        accountType: chosen.account.type ?? '',
        stickyPreviousHit: false,
        stickySessionHit: false,
        domain: undefined,
        candidateCount: candidates.length,
        topK: ranked.length,
        loadSkew: skew,
        filtered: {
          platform: 0,
          model: accounts.length - candidates.length,
          transport: 0,
          domain: 0,
          unavailable: 0,
          excluded: 0,
        },
        seed: seed.toString(),
        termNames: TERM_NAMES,
        rows: (candidates.length <= 64 ? candidates.toSorted(better) : ranked).map(candidate => ({
          account: candidate.account.id,
          score: candidate.score,
          share: 1,
          terms: [...candidate.terms],
          priority: candidate.account.priority ?? 0,
          inUse: candidate.inUse,
          limit: candidate.account.concurrency ?? 0,
          loadRate: candidate.loadRate,
          waiting: candidate.waiting,
          errorRate: candidate.errorRate,
          ttftMs: candidate.ttftMs,
        })),
        attempts,
        latencyMicros: (performance.now() - startedMs) * 1000,
        admittedTo: chosen.account.id,
        waitedMs: 0,
        firstTokenMs: undefined,
        outcome: undefined,
        usage: undefined,
        durationMs: 0,
      }
      decisions.push(decision)
      if (decisions.length > RING) decisions.shift()

      const { id } = chosen.account
      const stat = stats.get(id) ?? { errorRate: 0, ttftMs: undefined }
      stat.errorRate = 0.8 * stat.errorRate
      stat.ttftMs = stat.ttftMs === undefined ? firstTokenMs : 0.2 * firstTokenMs + 0.8 * stat.ttftMs
      stats.set(id, stat)
      inUse.set(id, inUse.get(id)! - 1)
      decision.durationMs = performance.now() - startedMs
      return id
    },
  }
}

function serves(account: Account, model: string): boolean {
  const rules = account.models as readonly string[] | undefined
  if (rules === undefined || rules.length === 0) return true
  return rules.some(rule => (rule.endsWith('*') ? model.startsWith(rule.slice(0, -1)) : rule === model))
}
