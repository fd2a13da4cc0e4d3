import type * as z from 'zod'
import { textAt, valueAt } from './document-tree.ts'
import type { Problem } from './errors.ts'
import { knownKeys } from './json-schema.ts'
import { nearestName } from './nearest-name.ts'
import { type Path, pointer } from './origin.ts'
import type { Draft } from './parse-yaml.ts'
import { isSecretPath, looksLikeSecret } from './secret-paths.ts'

type Issue = z.core.$ZodIssue

/** zod's issues as located problems: one for each unknown key, and for a choice the branch that was meant. */
export function schemaProblems(issues: readonly Issue[], draft: Draft): Problem[] {
  return issues.flatMap(issue => toProblems(issue, issue.path as Path, draft))
}

function toProblems(issue: Issue, path: Path, draft: Draft): Problem[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map(key => unknownKey([...path, key], draft))
  if (issue.code === 'invalid_key') {
    const [message, fix] = halves(issue.issues[0]?.message ?? issue.message)
    return [{ origin: draft.origins.key(path), path, message: `the name ${message}`, fix }]
  }
  const meant = issue.code === 'invalid_union' ? meantBranch(issue.errors) : undefined
  if (meant) return meant.flatMap(inner => toProblems(inner, [...path, ...(inner.path as Path)], draft))
  return [badValue(issue, path, draft)]
}

/** The branch whose outermost type fits: what is wrong lies inside it. */
const meantBranch = (branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined =>
  branches.find(issues => issues.every(({ path, code }) => path.length > 0 || code !== 'invalid_type'))

function unknownKey(path: Path, draft: Draft): Problem {
  const known = knownKeys(path.slice(0, -1))
  const near = nearestName(String(path.at(-1)), known)
  const fix = near
    ? `did you mean ${near}? Otherwise remove it`
    : `remove it; known here: ${known.join(', ')}`
  return { origin: draft.origins.key(path), path, message: 'is not a known key', fix }
}

function badValue(issue: Issue, path: Path, draft: Draft): Problem {
  const [message, fix] = halves(issue.message)
  const origin = draft.origins.nearest(path)
  if (valueAt(draft.tree, path) === undefined && message.startsWith('must be')) {
    return { origin, path, message: `is missing; it ${message}`, fix }
  }
  const shown = message.startsWith('must be') ? received(path, draft) : ''
  return { origin, path, message: message + shown, fix }
}

/** `, not 0`: only of short plain values that cannot be a credential; of a variable its name. */
function received(path: Path, draft: Draft): string {
  const value = valueAt(draft.tree, path)
  const origin = draft.origins.get(path)
  if (origin.kind === 'file' && origin.variables)
    return `; the text comes from ${origin.variables.join(', ')}`
  if (draft.interpolated.has(pointer(path)) || isSecretPath(path)) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return `, not ${value}`
  const text = textAt(draft.tree, path)
  return text !== undefined && text.length <= 24 && !looksLikeSecret(text)
    ? `, not ${JSON.stringify(text)}`
    : ''
}

/** Takes apart what `says` of schema/fields.ts joined; zod's own texts have no remedy. */
function halves(message: string): [message: string, fix: string] {
  const [problem, fix] = message.split('. Fix: ', 2)
  return [problem!, fix ?? 'see the configuration reference']
}
