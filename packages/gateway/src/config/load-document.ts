import { ConfigError, type Problem } from './errors.ts'
import type { Path } from './origin.ts'
import { parseYaml } from './parse-yaml.ts'
import { readText } from './read-file.ts'

/** What a checker says is wrong, by its place in the document. */
export interface DocumentProblem {
  readonly path: Path
  readonly message: string
  readonly fix: string
}

const maxFileBytes = 1024 * 1024

/**
 * Reads a YAML file that is no configuration, such as a scenario, as plain values; nothing of the environment is put into
 * it. What the checker finds is told with its place in the file.
 * @throws ConfigError with every problem found.
 */
export async function loadDocument(
  file: string,
  options: { readonly what: string; readonly problemsOf: (value: unknown) => readonly DocumentProblem[] },
): Promise<unknown> {
  const read = await readText(file, maxFileBytes)
  if (read.kind === 'problem') {
    const problem: Problem = {
      ...{
        origin: { kind: 'file', file },
        path: [],
        message: `the ${options.what} ${read.message}`,
        fix: read.fix,
      },
    }
    throw new ConfigError([problem])
  }
  const draft = parseYaml(read.text, { file, env: {} })
  const found = draft.problems.length > 0 ? [] : options.problemsOf(draft.tree)
  const problems = [
    ...draft.problems,
    ...found.map(problem => ({ ...problem, origin: draft.origins.nearest(problem.path) })),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
  return draft.tree
}
