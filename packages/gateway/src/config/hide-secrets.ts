import type { Problem } from './errors.ts'
import { confidentialTexts } from './known-secrets.ts'
import type { Draft } from './parse-yaml.ts'
import type { SecretFiles } from './secret-files.ts'

/**
 * The last line of defence: blanks every known credential in the texts of problems, because a key may stand
 * where a name was expected (as a pool, as a key of a map) and would be quoted there.
 */
export function hideSecrets(problems: readonly Problem[], draft: Draft, files: SecretFiles): Problem[] {
  const known = confidentialTexts(draft, files)
  const hide = (text: string): string =>
    known
      .reduce((hidden, secret) => hidden.replaceAll(secret, '[secret]'), text)
      .replace(/\b(?:sk|hg)-[A-Za-z0-9_-]{8,}/g, '[secret]')
  return problems.map(problem => ({
    ...problem,
    path: problem.path.map(step => (typeof step === 'string' ? hide(step) : step)),
    message: hide(problem.message),
    fix: hide(problem.fix),
  }))
}
