import type { Capabilities, CapabilityName } from '../config/config.ts'
import type { Findings } from './probe-account.ts'

/**
 * What remains of the capabilities that are taken for granted once the upstream was asked: what it lacks goes, nothing
 * is added, and what is not `open` to being asked about stands as the operator wrote it.
 */
export function narrowed(
  capabilities: Capabilities,
  { open, findings }: { readonly open: readonly CapabilityName[]; readonly findings: Findings },
): Capabilities {
  const lost = open.filter(name => findings[name] === 'missing')
  return lost.length === 0
    ? capabilities
    : { ...capabilities, ...Object.fromEntries(lost.map(name => [name, false])) }
}
