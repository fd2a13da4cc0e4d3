import { checkLoadSkew } from './load-skew.ts'
import { checkRng } from './rng.ts'
import { checkRuntimeStats } from './runtime-stats.ts'
import { checkScenario } from './scenarios.ts'
import { checkSelectionSeed } from './selection-seed.ts'
import { checkTopK } from './top-k.ts'
import { findVectorFile, readVectors, requireFolder, VectorFolderError } from './vector-files.ts'
import { checkWeightedOrder } from './weighted-order.ts'

/** A sort of vector file and how one of its cases is checked: an empty list when it agrees. */
export interface VectorKind {
  readonly file: string
  check(vector: unknown): string[] | Promise<string[]>
}

// A case is whatever the file holds; a check that meets another shape throws, and that is a difference too.
function kind<Vector>(file: string, check: (vector: Vector) => string[] | Promise<string[]>): VectorKind {
  return { file, check: vector => check(vector as Vector) }
}

export const vectorKinds: readonly VectorKind[] = [
  kind('rng.json', checkRng),
  kind('selection-seed.json', checkSelectionSeed),
  kind('top-k.json', checkTopK),
  kind('weighted-order.json', checkWeightedOrder),
  kind('runtime-stats.json', checkRuntimeStats),
  kind('load-skew.json', checkLoadSkew),
  kind('scenarios.json', checkScenario),
]

/** What became of one file. */
export interface FileReport {
  readonly file: string
  readonly cases: number
  /** How many of the cases differ. */
  readonly differing: number
  /** All differences, each with its case. */
  readonly differences: readonly string[]
}

/** Checks every file a folder holds; throws a {@link VectorFolderError} when it holds none of them. */
export async function checkFolder(folder: string): Promise<FileReport[]> {
  requireFolder(folder)
  const reports: FileReport[] = []
  for (const { file, check } of vectorKinds) {
    const path = findVectorFile(folder, file)
    if (path !== undefined) reports.push(await checkCases(file, readVectors(path), check))
  }
  if (reports.length === 0) {
    const names = vectorKinds.map(({ file }) => file).join(', ')
    throw new VectorFolderError(
      `${folder} holds none of ${names} (each may be gzipped). Name a folder with at least one.`,
    )
  }
  return reports
}

async function checkCases(
  file: string,
  vectors: readonly unknown[],
  check: VectorKind['check'],
): Promise<FileReport> {
  const found: string[] = []
  let differing = 0
  for (const [place, vector] of vectors.entries()) {
    const inCase = await checkCase(vector, check)
    if (inCase.length > 0) differing++
    for (const text of inCase) found.push(`case ${place}: ${text}`)
  }
  return { file, cases: vectors.length, differing, differences: found }
}

async function checkCase(vector: unknown, check: VectorKind['check']): Promise<string[]> {
  try {
    return await check(vector)
  } catch (error) {
    return [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`]
  }
}
