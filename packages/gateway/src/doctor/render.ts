import type { CapabilityName } from '../config/config.ts'
import type { DoctorReport } from './doctor.ts'
import type { AccountReport } from './examine-account.ts'
import type { Finding } from './finding.ts'

/** The report for people: a paragraph for each account, and what to do. */
export function renderReport(report: DoctorReport): string {
  const { node, findings, accounts, disabled } = report
  return [
    `node ${node}: fine`,
    ...findings.map(renderFinding),
    ...accounts.flatMap(account => ['', ...renderAccount(account)]),
    ...(disabled.length === 0
      ? []
      : ['', `not asked, because the file disables them: ${disabled.join(', ')}`]),
    '',
    verdict(report),
  ].join('\n')
}

function verdict({ ok, accounts }: DoctorReport): string {
  const sick = accounts.filter(account => account.findings.some(({ severity }) => severity === 'broken'))
  if (sick.length > 0) return `broken: ${sick.map(({ id }) => id).join(', ')}`
  return ok
    ? `all ${accounts.length} accounts can serve`
    : 'the accounts can serve, and Headgate cannot run here'
}

function renderAccount(account: AccountReport): string[] {
  const { id, kind, baseUrl, steps, models, limits, server, clockSkewSeconds, findings } = account
  const line = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`  ${name.padEnd(13)}${value}`]
  return [
    `${id}  ${kind}  ${baseUrl}`,
    ...line('reached', `dns ${steps.dns}, connect ${steps.connect}, tls ${steps.tls}, auth ${steps.auth}`),
    ...line('latency', latency(account)),
    ...line('server', server),
    ...line('clock', clockSkewSeconds === undefined ? undefined : skew(clockSkewSeconds)),
    ...line('models', models && namesOf(models)),
    ...line('limits', joined(Object.entries(limits).map(([name, value]) => `${name} ${value}`))),
    ...line('can', capable(account, true)),
    ...line('cannot', capable(account, false)),
    ...findings.map(finding => `  ${renderFinding(finding)}`),
  ]
}

/** A `Date` header has whole seconds, so one of difference says nothing. */
function skew(seconds: number): string {
  if (Math.abs(seconds) <= 1) return 'agrees'
  return `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}`
}

function latency({ firstMs, againMs }: AccountReport): string | undefined {
  if (firstMs === undefined) return undefined
  return `${firstMs} ms with connecting${againMs === undefined ? '' : `, ${againMs} ms after`}`
}

const shownModels = 8

function namesOf(models: readonly string[]): string {
  const more = models.length - shownModels
  return `${models.slice(0, shownModels).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function capable({ capabilities }: AccountReport, wanted: boolean): string | undefined {
  const names = (Object.keys(capabilities) as CapabilityName[]).filter(
    name => capabilities[name].has === wanted,
  )
  return joined(
    names.map(name =>
      capabilities[name].by === 'kind' ? name : `${name} (by the ${capabilities[name].by})`,
    ),
  )
}

const joined = (texts: readonly string[]): string | undefined =>
  texts.length === 0 ? undefined : texts.join(', ')

function renderFinding({ severity, problem, fix }: Finding): string {
  return `${severity}: ${problem}. Fix: ${fix}.`
}
