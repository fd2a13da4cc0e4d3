import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VectorFolderError } from './vector-files.ts'
import { checkFolder, type FileReport } from './vector-kinds.ts'

/** The vectors in this repository. */
export const shippedFolder = fileURLToPath(new URL('../golden', import.meta.url))

/** How many differences of a file are shown, and how much of each. */
const shownDifferences = 5
const shownCharacters = 400

/** What the command needs of its surroundings. */
export interface ConformanceCommand {
  /** At most one: the folder, relative to `cwd` unless absolute. */
  readonly args: readonly string[]
  readonly cwd: string
  print(line: string): void
  printError(line: string): void
}

/**
 * Prints a line a file. Answers the exit status: 0 when everything agrees, 1 on any difference, 2 when the
 * folder or a file in it cannot be used.
 */
export async function runConformance(command: ConformanceCommand): Promise<0 | 1 | 2> {
  const { args, cwd, print, printError } = command
  if (args.length > 1) {
    printError(`conformance: one folder at most, got ${args.length}. Usage: npm run conformance -- [FOLDER]`)
    return 2
  }
  const folder = args[0] === undefined ? shippedFolder : resolve(cwd, args[0])
  let reports: FileReport[]
  try {
    reports = await checkFolder(folder)
  } catch (error) {
    if (!(error instanceof VectorFolderError)) throw error
    printError(`conformance: ${error.message}`)
    return 2
  }
  for (const report of reports) for (const line of linesOf(report)) print(line)
  return reports.some(report => report.differing > 0) ? 1 : 0
}

function linesOf({ file, cases, differing, differences }: FileReport): string[] {
  const outcome = differing === 0 ? 'ok' : `${differing} differ`
  const shown = differences.slice(0, shownDifferences).map(text => `    ${text.slice(0, shownCharacters)}`)
  const rest = differences.length - shown.length
  return [
    `${file.padEnd(20)} ${String(cases).padStart(5)} cases  ${outcome}`,
    ...shown,
    ...(rest > 0 ? [`    and ${rest} more`] : []),
  ]
}
