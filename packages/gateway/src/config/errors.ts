import { formatOrigin, type Origin, type Path, readablePath } from './origin.ts'

/** Says what is wrong at a place of the document, and the remedy. */
export type ReportProblem = (path: Path, message: string, fix: string) => void

/** One thing that is wrong (or, as a warning, doubtful) in a configuration: what, where, and the remedy. */
export interface Problem {
  readonly origin: Origin
  /** Empty when the problem is the whole file. */
  readonly path: Path
  /** What is wrong, with the limit where there is one; never a secret's value. */
  readonly message: string
  /** What the reader can do about it, as an imperative. */
  readonly fix: string
}

/** The form of a problem that `config check --json` prints. */
export interface ProblemJson {
  readonly file?: string
  readonly line?: number
  readonly column?: number
  /** `file`, `env`, `flag` or `default`. */
  readonly source: Origin['kind']
  /** The variable or flag, when the value came from one. */
  readonly name?: string
  readonly path: string
  readonly message: string
  readonly fix: string
}

/** `config.yaml:3:12 accounts[0].concurrency: must be …. Fix: …`, always on one line. */
export function formatProblem({ origin, path, message, fix }: Problem): string {
  const where =
    path.length === 0 ? `${formatOrigin(origin)}:` : `${formatOrigin(origin)} ${readablePath(path)}:`
  return onOneLine(`${where} ${message}. Fix: ${fix}${fix.endsWith('?') ? '' : '.'}`)
}

/** See {@link ProblemJson}. */
export function problemToJson({ origin, path, message, fix }: Problem): ProblemJson {
  const { kind: source, ...rest } = origin
  const { file, line, column, name } = rest as {
    file?: string
    line?: number
    column?: number
    name?: string
  }
  const place = {
    ...(file && { file }),
    ...(line && { line }),
    ...(column && { column }),
    ...(name && { name }),
  }
  return { ...place, source, path: readablePath(path), message, fix }
}

/** Thrown by the loaders with *every* problem found; its message is one line a problem. */
export class ConfigError extends Error {
  /** Stable, for callers in another realm or with another copy of this package. */
  readonly code = 'HEADGATE_CONFIG_INVALID'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }

  toJSON(): { code: string; problems: readonly ProblemJson[] } {
    return { code: this.code, problems: this.problems.map(problemToJson) }
  }
}

/** Keys and file names come from outside: a line break in one must not forge a second problem. */
const onOneLine = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced here
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, character =>
    JSON.stringify(character).slice(1, -1),
  )
