import { type Entry, textAt, valueAt } from './document-tree.ts'
import type { ReportProblem } from './errors.ts'
import type { KindDefaults } from './kinds.ts'
import { addressProblem, shapeProblem } from './urls.ts'

/** Whether an account has one credential, as its kind needs it, and not two. */
export function checkAuth(
  { path, value }: Entry,
  { kind, defaults, report }: { kind: string; defaults: KindDefaults | undefined; report: ReportProblem },
): void {
  const has = (...keys: string[]) => valueAt(value, keys) !== undefined
  if (has('apiKey') && has('apiKeyFile'))
    report([...path, 'apiKeyFile'], 'stands beside apiKey, so it is unclear which key is meant', keepOne)
  const keyed = has('apiKey') || has('apiKeyFile')
  if (has('auth')) {
    if (keyed) report([...path, 'auth'], 'stands beside a key, and never both are sent', keepOne)
    if (defaults !== undefined && kind !== 'azure')
      report([...path, 'auth'], `is for kind azure, and this account is ${kind}`, 'use apiKey')
    checkEntra({ path: [...path, 'auth'], value: valueAt(value, ['auth']) }, value, report)
  } else if (!keyed && defaults?.keyless === false) {
    const fix = `add apiKey: "\${VARIABLE}" or apiKeyFile: /path/of/a/file`
    report([...path, 'apiKey'], `is missing; an account of kind ${kind} needs a key`, fix)
  }
}

const keepOne = 'keep one of the two'

function checkEntra({ path, value }: Entry, account: unknown, report: ReportProblem): void {
  if (typeof value !== 'object' || value === null) return
  const inline = valueAt(value, ['clientSecret']) !== undefined
  const inFile = valueAt(value, ['clientSecretFile']) !== undefined
  if (inline && inFile)
    report(
      [...path, 'clientSecretFile'],
      'stands beside clientSecret, so it is unclear which is meant',
      keepOne,
    )
  if (!inline && !inFile)
    report([...path, 'clientSecret'], 'is missing', `add clientSecret: "\${VARIABLE}" or clientSecretFile`)
  const authority = textAt(value, ['authority'])
  if (authority === undefined) return
  const allowPrivate = valueAt(account, ['allowPrivate']) === true
  const problem = shapeProblem(authority) ?? addressProblem(new URL(authority), allowPrivate)
  if (problem !== undefined) report([...path, 'authority'], problem.message, problem.fix)
}
