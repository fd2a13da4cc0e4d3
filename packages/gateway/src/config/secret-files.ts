import { resolve } from 'node:path'
import { entriesAt, textAt } from './document-tree.ts'
import type { Problem } from './errors.ts'
import { type Path, pointer } from './origin.ts'
import type { Draft } from './parse-yaml.ts'
import { readText } from './read-file.ts'
import { credential } from './schema/fields.ts'

const maxBytes = 1024 * 1024

/** What stands in the files that `apiKeyFile`, `clientSecretFile` and `keysFile` name, by the place that names them. */
export class SecretFiles {
  readonly problems: Problem[] = []
  readonly #lines = new Map<string, readonly string[]>()

  set(path: Path, lines: readonly string[]): void {
    this.#lines.set(pointer(path), lines)
  }

  /** Every key of every file. */
  all(): readonly string[] {
    return [...this.#lines.values()].flat()
  }

  /** The keys of the file, one a line; none where no file is named or it could not be read. */
  lines(path: Path): readonly string[] {
    return this.#lines.get(pointer(path)) ?? []
  }
}

/** Reads every named file, however much else is wrong, so that all problems can be listed at once. */
export async function readSecretFiles(draft: Draft, options: { baseDir: string }): Promise<SecretFiles> {
  const files = new SecretFiles()
  const named = [
    ...entriesAt(draft.tree, ['accounts']).flatMap(({ path }) => [
      { path: [...path, 'apiKeyFile'], minLength: 1, maxKeys: 1 },
      { path: [...path, 'auth', 'clientSecretFile'], minLength: 1, maxKeys: 1 },
    ]),
    ...entriesAt(draft.tree, ['clients']).map(({ path }) => ({
      path: [...path, 'keysFile'],
      minLength: 16,
      maxKeys: 100,
    })),
  ]
  for (const place of named) {
    const file = textAt(draft.tree, place.path)
    if (file === undefined || file === '' || file.includes('\0')) continue
    const read = await readText(resolve(options.baseDir, file), maxBytes)
    const origin = draft.origins.nearest(place.path)
    const report = (message: string, fix: string) =>
      files.problems.push({ origin, path: place.path, message: `the file ${message}`, fix })
    if (read.kind === 'problem') report(read.message, read.fix)
    else files.set(place.path, keysOf(read.text, place, report))
  }
  return files
}

function keysOf(
  text: string,
  limits: { minLength: number; maxKeys: number },
  report: (message: string, fix: string) => void,
): string[] {
  const numbered = text.split(/\r?\n/).map((line, index) => ({ key: line.trim(), line: index + 1 }))
  const filled = numbered.filter(({ key }) => key !== '')
  if (filled.length === 0) report('is empty', 'write the key into it')
  if (filled.length > limits.maxKeys)
    report(`holds more than ${limits.maxKeys} lines`, 'write one key a line')
  const shape = credential(limits.minLength)
  for (const { key, line } of filled) {
    if (shape.safeParse(key).success) continue
    report(
      `has a line ${line} that is not a key of ${limits.minLength} to 4096 printable ASCII characters`,
      'correct it',
    )
  }
  return filled.map(({ key }) => key)
}
