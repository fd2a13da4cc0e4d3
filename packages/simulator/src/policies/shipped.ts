import { adaptiveProfile, fifo, PROFILES, type Profile } from '@headgate/scheduler'
import type { Policy } from './policy.ts'

/** The reference keyed sessions by what clients send and nothing else. */
const WITHOUT_FINGERPRINT: readonly string[] = ['classic', 'load-aware']

/** As `hedge: { after: auto, budget: 0.03 }` in a pool's configuration. */
const HEDGE_BUDGET = 0.03

const profiles: readonly Policy[] = Object.entries(PROFILES).map(([name, profile]) => ({
  name,
  fingerprint: !WITHOUT_FINGERPRINT.includes(name),
  create: () => ({ profile: profile() }),
}))

/** What it becomes when its pool hedges. */
const hedged = (policy: Policy): Policy => ({
  ...policy,
  name: `${policy.name}+hedge`,
  hedgeBudget: HEDGE_BUDGET,
})

/** `adaptive+hedge` without one of its parts: what each of them brings. */
export const ablations: readonly Policy[] = Object.entries({
  'no-health': adaptiveProfile({ costs: { health: 0 } }),
  'no-cache': adaptiveProfile({ costs: { cache: 0 } }),
  'no-crowding': adaptiveProfile({ costs: { crowdingMs: 0 } }),
  'no-cold': adaptiveProfile({ costs: { cold: 0 } }),
  'no-errors': adaptiveProfile({ costs: { failureMs: 0 } }),
  'no-headroom': adaptiveProfile({ costs: { headroomMs: 0 } }),
  'no-patience': without('patience'),
  'no-sampler': without('sampler'),
  'no-ejection': { ...adaptiveProfile(), ejection: undefined },
  'no-shedding': adaptiveProfile({
    wait: { pool: { timeoutMs: 30_000, max: 100, shedMs: Number.MAX_VALUE } },
  }),
  fifo: { ...adaptiveProfile(), dequeue: fifo },
}).map(([part, profile]) => ({
  name: `adaptive:${part}`,
  fingerprint: true,
  hedgeBudget: HEDGE_BUDGET,
  create: () => ({ profile }),
}))

function without(part: 'patience' | 'sampler'): Profile {
  const { [part]: _, ...rest } = adaptiveProfile()
  return rest
}

/** The scheduler's own profiles, as they ship; the best of them with hedging as well. */
export const shippedPolicies: readonly Policy[] = [
  ...profiles,
  ...profiles.filter(({ name }) => name === 'adaptive' || name === 'balanced').map(hedged),
]
