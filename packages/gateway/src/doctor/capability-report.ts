import type { AccountConfig, CapabilityName } from '../config/config.ts'
import { narrowed } from '../discovery/narrowed.ts'
import type { Findings } from '../discovery/probe-account.ts'
import { doubtful, type Finding, hint } from './finding.ts'

/** A capability, and by whose word: the file's, the kind's, or the upstream's own. */
export interface CapabilityReport {
  readonly has: boolean
  readonly by: 'file' | 'kind' | 'upstream'
}

export type CapabilityReports = Readonly<Record<CapabilityName, CapabilityReport>>

/** Puts together what the file, the kind and the upstream say. `stated` are those that stand in the file. */
export function reportCapabilities(
  { capabilities, discover }: AccountConfig,
  { findings, stated }: { readonly findings: Findings; readonly stated: ReadonlySet<CapabilityName> },
): CapabilityReports {
  const inForce = narrowed(capabilities, { open: discover, findings })
  const report = (name: CapabilityName): CapabilityReport => {
    if (stated.has(name)) return { has: inForce[name], by: 'file' }
    return { has: inForce[name], by: inForce[name] === capabilities[name] ? 'kind' : 'upstream' }
  }
  const names = Object.keys(capabilities) as CapabilityName[]
  return Object.fromEntries(names.map(name => [name, report(name)])) as unknown as CapabilityReports
}

/** Where the file and the upstream disagree, and what the file could switch on. */
export function capabilityFindings(reports: CapabilityReports, findings: Findings): Finding[] {
  return (Object.keys(findings) as CapabilityName[]).flatMap(name => {
    const { has, by } = reports[name]
    if (has && findings[name] === 'missing')
      return [
        doubtful(
          `the upstream does not seem to have what capabilities.${name} promises`,
          `write ${name}: false`,
        ),
      ]
    if (has || by !== 'kind' || findings[name] !== 'there') return []
    const fix =
      name === 'storedResponses'
        ? 'if it keeps responses (vLLM: VLLM_ENABLE_RESPONSES_API_STORE=1), write capabilities: { storedResponses: true }'
        : `if it serves them, write capabilities: { ${name}: true }`
    return [hint(`the upstream has the routes of ${name}, which is off`, fix)]
  })
}
