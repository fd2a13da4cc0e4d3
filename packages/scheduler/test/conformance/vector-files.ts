import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** The folder or a file in it cannot be used at all; the message says which, and what would do. */
export class VectorFolderError extends Error {}

/** Where a vector file is: as JSON or, failing that, gzipped; undefined when the folder has neither. */
export function findVectorFile(folder: string, name: string): string | undefined {
  return [join(folder, name), join(folder, `${name}.gz`)].find(path => existsSync(path))
}

/** Throws unless there is such a folder. */
export function requireFolder(folder: string): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new VectorFolderError(
      `There is no folder ${folder}. Name one that holds vector files, or none for the shipped ones.`,
    )
  }
}

/** The cases of a file. */
export function readVectors(path: string): readonly unknown[] {
  const bytes = readFileSync(path)
  let vectors: unknown
  try {
    vectors = JSON.parse((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new VectorFolderError(
      `${basename(path)} cannot be read: ${reason}. It must be a JSON array, gzipped if named .gz.`,
    )
  }
  if (!Array.isArray(vectors)) {
    throw new VectorFolderError(`${basename(path)} is no JSON array. Each vector file is an array of cases.`)
  }
  return vectors
}
