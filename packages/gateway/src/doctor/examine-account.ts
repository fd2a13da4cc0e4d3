import type { Clock } from '@headgate/scheduler'
import { accountAccess } from '../compose/account-access.ts'
import type { AccountConfig, AccountKind, CapabilityName } from '../config/config.ts'
import { askProbe, type Findings, type ProbePorts, probeAccount } from '../discovery/probe-account.ts'
import { routeProbes } from '../discovery/route-probes.ts'
import type { Collected } from '../proxy/attempt/collect.ts'
import { cleanText } from '../proxy/errors/clean-text.ts'
import type { CredentialSource } from '../wire/credential-source.ts'
import { headerValue } from '../wire/header-list.ts'
import type { UpstreamTarget } from '../wire/upstream.ts'
import { answerFindings, modelFindings, modelsOf } from './answer-findings.ts'
import { type CapabilityReports, capabilityFindings, reportCapabilities } from './capability-report.ts'
import { findFault, type Steps, stepsUntil } from './fault-finding.ts'
import { broken, doubtful, type Finding } from './finding.ts'

/** What was found of one account. */
export interface AccountReport {
  readonly id: string
  readonly kind: AccountKind
  readonly baseUrl: string
  readonly steps: Steps
  /** Time to the first answer, connecting included; absent when there was none. */
  readonly firstMs?: number
  /** Time to an answer on the connection made. */
  readonly againMs?: number
  readonly status?: number
  /** By how much the upstream's clock is ahead, to the second. */
  readonly clockSkewSeconds?: number
  /** Its `server` header. */
  readonly server?: string
  readonly models?: readonly string[]
  /** Rate-limit headers it sent. */
  readonly limits: Readonly<Record<string, string>>
  readonly capabilities: CapabilityReports
  readonly findings: readonly Finding[]
}

/** What an account is examined with. */
export interface ExaminationPorts extends ProbePorts {
  readonly credential: CredentialSource | undefined
  /** The capabilities that stand in the file. */
  readonly stated: ReadonlySet<CapabilityName>
}

const modelList = { method: 'GET', path: '/models' } as const
const maxSkewSeconds = 60

/**
 * Examines one account with requests that cost no tokens: its list of models twice, and what discovery asks. Never
 * rejects; takes five seconds a request at most.
 */
export async function examineAccount(
  account: AccountConfig,
  ports: ExaminationPorts,
): Promise<AccountReport> {
  const { target } = accountAccess(account, ports.credential)
  const first = await timed(ports.clock, () => askProbe(target, modelList, ports))
  const { answer } = first
  const basis = { id: account.id, kind: account.kind, baseUrl: account.baseUrl }
  if (answer.kind !== 'reply') {
    const capabilities = reportCapabilities(account, { findings: {}, stated: ports.stated })
    return { ...basis, ...unanswered(account, answer), limits: {}, capabilities }
  }
  const again = await timed(ports.clock, () => askProbe(target, modelList, ports))
  const routes = await askRoutes(account, target, ports)
  return {
    ...basis,
    ...answered(account, { answer, routes, ports }),
    firstMs: first.tookMs,
    ...(again.answer.kind === 'reply' ? { againMs: again.tookMs } : {}),
  }
}

/** The other kinds are known. */
async function askRoutes(
  account: AccountConfig,
  target: UpstreamTarget,
  ports: ProbePorts,
): Promise<Findings> {
  if (account.kind !== 'openai-compatible') return {}
  return await probeAccount(target, Object.keys(routeProbes) as CapabilityName[], ports)
}

function unanswered(account: AccountConfig, answer: Exclude<Collected, { kind: 'reply' }>) {
  const { host, protocol } = new URL(account.baseUrl)
  const plain = protocol === 'http:'
  if (answer.kind === 'too_large') {
    const finding = broken(`${host} answers with far more than a list of models`, 'check baseUrl')
    return { steps: stepsUntil('answer', { plain }), findings: [finding] }
  }
  const { failed, finding } = findFault(answer.fault, host)
  return { steps: stepsUntil(failed, { plain }), findings: [finding] }
}

function answered(
  account: AccountConfig,
  given: { answer: Collected & { kind: 'reply' }; routes: Findings; ports: ExaminationPorts },
) {
  const { answer, routes, ports } = given
  const { status, headers } = answer
  const refused = status === 401 || status === 403
  const plain = account.baseUrl.startsWith('http:')
  const models = modelsOf(answer)
  const skew = skewOf(headerValue(headers, 'date'), ports.clock)
  const server = headerValue(headers, 'server')
  const capabilities = reportCapabilities(account, { findings: routes, stated: ports.stated })
  return {
    steps: stepsUntil(refused ? 'auth' : 'nothing', { plain }),
    status,
    ...(skew === undefined ? {} : { clockSkewSeconds: skew }),
    ...(server === undefined ? {} : { server: cleanText(server, { maxChars: 100 }) }),
    ...(models === undefined ? {} : { models }),
    limits: Object.fromEntries(headers.filter(([name]) => name.startsWith('x-ratelimit-'))),
    capabilities,
    findings: [
      ...withoutListing(answerFindings(account, answer), { status, routes }),
      ...(models === undefined ? [] : modelFindings(account, models)),
      ...capabilityFindings(capabilities, routes),
      ...skewFindings(skew),
    ],
  }
}

/** A server that lists no models and has the other routes works. */
function withoutListing(
  findings: Finding[],
  { status, routes }: { status: number; routes: Findings },
): Finding[] {
  const works = status === 404 && Object.values(routes).includes('there')
  return works ? [doubtful('the upstream lists no models', 'name them under models')] : findings
}

function skewOf(date: string | undefined, clock: Clock): number | undefined {
  const upstreamMs = Date.parse(date ?? '')
  return Number.isNaN(upstreamMs) ? undefined : Math.round((upstreamMs - clock.wallMs()) / 1000)
}

function skewFindings(skew: number | undefined): Finding[] {
  if (skew === undefined || Math.abs(skew) <= maxSkewSeconds) return []
  const where = skew > 0 ? 'ahead of' : 'behind'
  const problem = `the upstream’s clock is ${Math.abs(skew)} s ${where} this machine’s`
  return [doubtful(problem, 'set the clock by NTP: certificates, tokens and limits depend on it')]
}

async function timed(
  clock: Clock,
  ask: () => Promise<Collected>,
): Promise<{ answer: Collected; tookMs: number }> {
  const startedMs = clock.monotonicMs()
  const answer = await ask()
  return { answer, tookMs: Math.round(clock.monotonicMs() - startedMs) }
}
