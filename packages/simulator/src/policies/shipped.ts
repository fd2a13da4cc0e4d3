import { PROFILES } from '@headgate/scheduler'
import type { Policy } from './policy.ts'

/** The reference keyed sessions by what clients send and nothing else. */
const WITHOUT_FINGERPRINT: readonly string[] = ['classic', 'load-aware']

/** The scheduler's own profiles, as they ship. */
export const shippedPolicies: readonly Policy[] = Object.entries(PROFILES).map(([name, profile]) => ({
  name,
  fingerprint: !WITHOUT_FINGERPRINT.includes(name),
  create: () => ({ profile: profile() }),
}))
