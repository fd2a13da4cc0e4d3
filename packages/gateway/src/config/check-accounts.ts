import { checkAuth } from './check-auth.ts'
import { checkEgress } from './check-egress.ts'
import type { AccountKind } from './config.ts'
import { type Entry, entriesAt, textAt, valueAt } from './document-tree.ts'
import type { Problem, ReportProblem } from './errors.ts'
import { type KindDefaults, kindDefaults } from './kinds.ts'
import type { Draft } from './parse-yaml.ts'
import { addressProblem, type Remark, shapeProblem } from './urls.ts'

/** The rules that join several keys of one account: which of them its kind needs, and where it may connect to. */
export function checkAccounts(draft: Draft): Problem[] {
  const problems: Problem[] = []
  const report: ReportProblem = (path, message, fix) =>
    problems.push({ origin: draft.origins.nearest(path), path, message, fix })
  for (const entry of entriesAt(draft.tree, ['accounts'])) {
    if (typeof entry.value !== 'object' || entry.value === null) continue
    checkAuth(entry, { kind: kindOf(entry.value), defaults: defaultsOf(entry.value), report })
    checkEgress(entry, report)
    checkDiscovery(entry, report)
    checkBaseUrl(entry, report)
    checkModels(entry, report)
  }
  return problems
}

const kindOf = (account: unknown): string => textAt(account, ['kind']) ?? 'openai'

/** Undefined for a kind that does not exist, which the schema reports. */
const defaultsOf = (account: unknown): KindDefaults | undefined =>
  Object.hasOwn(kindDefaults, kindOf(account)) ? kindDefaults[kindOf(account) as AccountKind] : undefined

function checkBaseUrl({ path, value }: Entry, report: ReportProblem): void {
  const here = [...path, 'baseUrl']
  const written = textAt(value, ['baseUrl'])
  if (written === undefined) {
    const defaults = defaultsOf(value)
    const needed = defaults !== undefined && defaults.baseUrl === undefined
    if (needed && valueAt(value, ['baseUrl']) === undefined)
      report(
        here,
        `is missing; an account of kind ${kindOf(value)} needs one`,
        'add baseUrl: https://HOST/v1',
      )
    return
  }
  const dated = datedProblem(written)
  const shape = shapeProblem(written)
  const problem =
    dated ?? shape ?? addressProblem(new URL(written), valueAt(value, ['allowPrivate']) === true)
  if (problem) report(here, problem.message, problem.fix)
}

/**
 * The dated API of Azure names the deployment in the path and a version in the query: a body's `model` would be
 * ignored there, and half of the endpoints are elsewhere. Looked for first, because its query is not the mistake.
 */
function datedProblem(written: string): Remark | undefined {
  if (!/\/openai\/deployments(?:\/|$)|[?&]api-version=/i.test(written)) return undefined
  const host = /^https?:\/\/([^/?#@\s\\]+)(?=[/?#])/i.exec(written)?.[1] ?? 'RESOURCE.openai.azure.com'
  return {
    message: 'is the dated API of Azure (/openai/deployments/…?api-version=…), which is not served',
    fix: `write https://${host}/openai/v1 and map models to deployments: models: { gpt-5.1: my-deployment }`,
  }
}

/** Other kinds are known, and their upstreams are not asked. */
function checkDiscovery({ path, value }: Entry, report: ReportProblem): void {
  if (valueAt(value, ['discover']) !== true || kindOf(value) === 'openai-compatible') return
  report([...path, 'discover'], 'is for kind openai-compatible', 'remove it, or set capabilities by hand')
}

/** Maps have distinct keys already. Cycles are not a mistake: a mapping is applied once. */
function checkModels({ path, value }: Entry, report: ReportProblem): void {
  const listed = valueAt(value, ['models'])
  if (!Array.isArray(listed)) return
  const seen = new Set<unknown>()
  for (const [index, model] of listed.entries()) {
    if (typeof model === 'string' && seen.has(model)) {
      report([...path, 'models', index], 'is listed twice', 'keep one of the two')
    }
    seen.add(model)
  }
}
