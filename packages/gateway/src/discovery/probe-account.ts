import type { Clock } from '@headgate/scheduler'
import type { CapabilityName } from '../config/config.ts'
import { type Collected, collect } from '../proxy/attempt/collect.ts'
import type { HeaderList } from '../wire/header-list.ts'
import type { Upstream, UpstreamTarget } from '../wire/upstream.ts'
import { type Found, type RouteProbe, routeProbes } from './route-probes.ts'

/** What probes are sent with. */
export interface ProbePorts {
  readonly upstream: Upstream
  readonly clock: Clock
}

/** What an upstream said about each capability it was asked about. */
export type Findings = Readonly<Partial<Record<CapabilityName, Found>>>

const maxAnswerBytes = 256 << 10

/** Asks an upstream about some capabilities, one question after the other, five seconds each. Never rejects. */
export async function probeAccount(
  target: UpstreamTarget,
  names: readonly CapabilityName[],
  ports: ProbePorts,
): Promise<Findings> {
  const findings: Partial<Record<CapabilityName, Found>> = {}
  for (const name of names) {
    const probe = routeProbes[name]
    if (probe !== undefined) findings[name] = probe.read(await askProbe(target, probe, ports))
  }
  return findings
}

/** One exchange of the gateway's own. Never rejects. */
export function askProbe(
  target: UpstreamTarget,
  { method, path, body }: Pick<RouteProbe, 'method' | 'path' | 'body'>,
  { upstream, clock }: ProbePorts,
): Promise<Collected> {
  const headers: HeaderList = [
    ['accept', 'application/json'],
    ['accept-encoding', 'identity'],
    ...(body === undefined ? [] : ([['content-type', 'application/json']] as const)),
  ]
  const request = { target, method, path, headers, body: body === undefined ? null : Buffer.from(body) }
  return collect(upstream, request, { limitBytes: maxAnswerBytes, clock })
}
