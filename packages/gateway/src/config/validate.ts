import { checkAccounts } from './check-accounts.ts'
import { checkClients } from './check-clients.ts'
import { checkDuplicates } from './check-duplicates.ts'
import { checkReferences } from './check-references.ts'
import { checkStrays } from './check-strays.ts'
import type { Config } from './config.ts'
import { setAt, textAt } from './document-tree.ts'
import { ConfigError, type Problem } from './errors.ts'
import { hideSecrets } from './hide-secrets.ts'
import { type Path, pointer } from './origin.ts'
import type { Draft } from './parse-yaml.ts'
import { resolveConfig } from './resolve.ts'
import { configFile } from './schema.ts'
import { schemaProblems } from './schema-problems.ts'
import { readSecretFiles, type SecretFiles } from './secret-files.ts'
import { readTlsFiles, type TlsFilesRead } from './tls-files.ts'

export interface CheckOptions {
  readonly files: SecretFiles
  readonly tls: TlsFilesRead
  readonly baseDir: string
}

/**
 * Checks a draft against the schema and the rules between sections, all of them whatever fails first, and
 * resolves it. `baseDir` is where relative paths start.
 * @throws ConfigError with every problem, each place reported once, in the order of the file.
 */
export async function validateDraft(draft: Draft, options: { baseDir: string }): Promise<Config> {
  const files = await readSecretFiles(draft, options)
  const tls = await readTlsFiles(draft, options)
  return checkDraft(draft, { files, tls, ...options })
}

/** {@link validateDraft} once the files that the draft names have been read. */
export function checkDraft(draft: Draft, options: CheckOptions): Config {
  const { files, tls, baseDir } = options
  const parsed = parseWithEnvironmentText(draft)
  const problems = [
    ...draft.problems,
    ...checkStrays(draft, files),
    ...(parsed.success ? [] : schemaProblems(parsed.error.issues, draft)),
    ...files.problems,
    ...tls.problems,
    ...checkAccounts(draft),
    ...checkClients(draft),
    ...checkReferences(draft),
    ...checkDuplicates(draft, files),
  ]
  if (parsed.success && problems.length === 0) {
    return resolveConfig(parsed.data, { files, tls, baseDir })
  }
  throw new ConfigError(hideSecrets(inFileOrder(firstOfEachPlace(problems)), draft, files))
}

/**
 * A variable holds text, whatever the key wants: `port: "${PORT}"`. Where a number or a truth value was expected
 * and text from the environment reads as one, it is taken as such and the check is repeated.
 */
function parseWithEnvironmentText(draft: Draft) {
  const first = configFile.safeParse(draft.tree ?? {})
  if (first.success) return first
  let changed = false
  for (const issue of first.error.issues) {
    const path = issue.path as Path
    if (issue.code !== 'invalid_type' || !draft.interpolated.has(pointer(path))) continue
    const value = scalarOf(textAt(draft.tree, path) ?? '', issue.expected)
    if (value === undefined) continue
    setAt(draft.tree, path, value)
    changed = true
  }
  return changed ? configFile.safeParse(draft.tree) : first
}

function scalarOf(text: string, expected: string): number | boolean | undefined {
  if (expected === 'boolean' && /^(?:true|false)$/.test(text)) return text === 'true'
  if (expected !== 'boolean' && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text)) return Number(text)
  return undefined
}

/** An unset variable also looks like a missing value or a bad one: the first problem of a place explains the rest. */
function firstOfEachPlace(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>()
  return problems.filter(({ path }, index) => {
    const place = path.length === 0 ? `#${index}` : pointer(path)
    const known = [...path.keys()].some(length => seen.has(pointer(path.slice(0, length + 1))))
    seen.add(place)
    return !known
  })
}

function inFileOrder(problems: readonly Problem[]): Problem[] {
  const place = ({ origin }: Problem): [number, number] =>
    origin.kind === 'file' ? [origin.line ?? 0, origin.column ?? 0] : [0, 0]
  return [...problems].sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1])
}
