import type { YAMLError } from 'yaml'
import type { Problem } from './errors.ts'
import type { Origin } from './origin.ts'

/** One slip often makes the parser complain about every line below it. */
const maxReported = 10

/**
 * The parser's own messages quote the text they stumble over, which may be a secret; these never do.
 * `Unexpected …` and whatever has no entry share the last line.
 */
const remarks: Readonly<Record<string, readonly [message: string, fix: string]>> = {
  TAB_AS_INDENT: ['a tab is used as indentation', 'indent with spaces'],
  TAG_RESOLVE_FAILED: ['a tag (!…) is used; tags are refused', 'remove the tag, or quote the text'],
  BAD_COLLECTION_TYPE: ['a tag (!…) is used; tags are refused', 'remove the tag'],
  BAD_INDENT: ['the indentation does not fit', 'align the keys of one section'],
  BAD_ALIAS: ['an alias (*…) is malformed', 'quote the text if * is meant literally'],
  BAD_DIRECTIVE: ['a directive (%…) is used', 'remove the line'],
  BAD_DQ_ESCAPE: [
    'a double-quoted text has an unknown escape',
    'use single quotes, or write \\\\ for a backslash',
  ],
  BAD_SCALAR_START: ['a plain text starts with a reserved character', 'put quotes around it'],
  BLOCK_AS_IMPLICIT_KEY: ['a second ": " stands on the line', 'put quotes around a value that holds ": "'],
  BLOCK_IN_FLOW: ['an indented block stands inside brackets', 'use one of the two styles'],
  MISSING_CHAR: ['a quote, bracket, comma or colon is missing', 'close what was opened before this place'],
  MULTILINE_IMPLICIT_KEY: [
    'a key runs over more than one line',
    'add the missing colon, or quote the text above',
  ],
  MULTIPLE_DOCS: ['the file holds more than one document', 'remove the line ---'],
}
const anythingElse = ['the YAML syntax is broken here', 'check quotes, brackets and indentation'] as const

/** The parser's errors and warnings (an unknown tag is only a warning to it) as located problems, one a line. */
export function syntaxProblems(errors: readonly YAMLError[], at: (offset: number) => Origin): Problem[] {
  const seen = new Set<number | undefined>()
  const problems: Problem[] = []
  for (const error of errors) {
    const origin = at(error.pos[0])
    const line = origin.kind === 'file' ? origin.line : undefined
    if (seen.has(line) || problems.length === maxReported) continue
    seen.add(line)
    const [message, fix] = openBracket(error) ?? remarks[error.code] ?? anythingElse
    problems.push({ origin, path: [], message, fix })
  }
  return problems
}

/** To the parser a bracket that nobody closes is one that is closed too far to the left: its code is that of indentation. */
function openBracket({ code, message }: YAMLError): readonly [string, string] | undefined {
  const isBracket = code === 'BAD_INDENT' || code === 'MISSING_CHAR'
  const close = isBracket ? /^Flow (?:map|sequence) .*end with a ([\]}])$/.exec(message)?.[1] : undefined
  if (close === undefined) return undefined
  const open = close === ']' ? '[' : '{'
  return [
    `a ${open} before this place is not closed, or its ${close} is not indented`,
    `write ${close} where the ${open} ends, farther to the right than the key`,
  ]
}
