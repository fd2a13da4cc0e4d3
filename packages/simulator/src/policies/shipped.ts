import { adaptiveProfile, fifo, PROFILES, type Profile } from '@headgate/scheduler'
import type { Policy, Untold } from './policy.ts'

/** The reference keyed sessions by what clients send and nothing else. */
const WITHOUT_FINGERPRINT: readonly string[] = ['classic', 'load-aware']

/** As `hedge: { after: auto, budget: 0.03 }` in a pool's configuration. */
export const ADAPTIVE_HEDGE_BUDGET = 0.03

/** Hedging is opt-in in the gateway; the league measures `adaptive` with it, and `adaptive:no-hedge` beside it. */
const HEDGED: readonly string[] = ['adaptive']

const profiles: readonly Policy[] = Object.entries(PROFILES).map(([name, profile]) => ({
  name,
  fingerprint: !WITHOUT_FINGERPRINT.includes(name),
  ...(HEDGED.includes(name) ? { hedgeBudget: ADAPTIVE_HEDGE_BUDGET } : {}),
  create: () => ({ profile: profile() }),
}))

/** The scheduler's own profiles as they ship, `balanced` in a pool that hedges as well. */
export const shippedPolicies: readonly Policy[] = [
  ...profiles,
  ...profiles
    .filter(({ name }) => name === 'balanced')
    .map(policy => ({ ...policy, name: `${policy.name}+hedge`, hedgeBudget: ADAPTIVE_HEDGE_BUDGET })),
]

/** `adaptive` where a gateway or an upstream tells less: what each piece of news is worth. Who hears no first token cannot hedge. */
const deprived: readonly Policy[] = Object.entries<readonly Untold[]>({
  'untold-sizes': ['sizes'],
  'untold-ttft': ['ttft'],
  'untold-limits': ['limits'],
  'untold-usage': ['usage'],
}).map(([name, untold]) => ({
  name: `adaptive:${name}`,
  fingerprint: true,
  hedgeBudget: untold.includes('ttft') ? 0 : ADAPTIVE_HEDGE_BUDGET,
  untold,
  create: () => ({ profile: adaptiveProfile() }),
}))

/** `adaptive` without one of its parts, or of what it is told: what each of them brings. */
export const ablations: readonly Policy[] = [
  ...profiles
    .filter(({ name }) => name === 'adaptive')
    .map(policy => ({ ...policy, name: `${policy.name}:no-hedge`, hedgeBudget: 0 })),
  ...Object.entries({
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
    hedgeBudget: ADAPTIVE_HEDGE_BUDGET,
    create: () => ({ profile }),
  })),
  ...deprived,
]

function without(part: 'patience' | 'sampler'): Profile {
  const { [part]: _, ...rest } = adaptiveProfile()
  return rest
}
