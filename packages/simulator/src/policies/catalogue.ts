import { leastLoadedPolicies } from './least-loaded.ts'
import { llmdPolicies } from './llm-d.ts'
import { oraclePolicy } from './oracle.ts'
import { peakEwmaPolicies } from './peak-ewma.ts'
import type { Policy } from './policy.ts'
import { prequalPolicies } from './prequal.ts'
import { randomPolicies } from './random.ts'
import { roundRobinPolicies } from './round-robin.ts'
import { sglangPolicies } from './sglang.ts'
import { ablations, shippedPolicies } from './shipped.ts'
import { twoChoicesPolicies } from './two-choices.ts'

/** Every policy a league table can have, the scheduler's own first. */
export const POLICIES: readonly Policy[] = [
  ...shippedPolicies,
  ...randomPolicies,
  ...roundRobinPolicies,
  ...leastLoadedPolicies,
  ...twoChoicesPolicies,
  ...peakEwmaPolicies,
  ...prequalPolicies,
  ...sglangPolicies,
  ...llmdPolicies,
]

/** What `adaptive` comes to without each of its parts, and with the truth in place of what it learns; run by name only. */
export const ABLATIONS: readonly Policy[] = [...ablations, oraclePolicy]

/** A policy by name; throws a RangeError that lists the names. */
export function policyNamed(name: string): Policy {
  const found = [...POLICIES, ...ABLATIONS].find(policy => policy.name === name)
  if (found !== undefined) return found
  const names = [...POLICIES, ...ABLATIONS].map(policy => policy.name).join(', ')
  throw new RangeError(`There is no policy ${JSON.stringify(name)}; the policies are ${names}.`)
}
