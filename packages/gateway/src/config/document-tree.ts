import type { Path } from './origin.ts'

/** One entry of a list or map of the unvalidated document, with its place. */
export interface Entry {
  readonly path: Path
  readonly value: unknown
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** The value at a path of an unvalidated document; undefined wherever the shape is not as expected. */
export function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) => (isObject(value) && Object.hasOwn(value, step) ? value[step as never] : undefined),
    tree,
  )
}

/** The entries of a list or map at a path; none wherever the shape is not as expected. */
export function entriesAt(tree: unknown, path: Path): Entry[] {
  const container = valueAt(tree, path)
  if (Array.isArray(container)) return container.map((value, index) => ({ path: [...path, index], value }))
  if (!isObject(container)) return []
  return Object.entries(container).map(([key, value]) => ({ path: [...path, key], value }))
}

/** Text at a path, or undefined. */
export function textAt(tree: unknown, path: Path): string | undefined {
  const value = valueAt(tree, path)
  return typeof value === 'string' ? value : undefined
}

/** Sets a value, making the sections on the way to it; leaves the tree alone where a section is not one. */
export function setAt(tree: unknown, path: Path, value: unknown): void {
  let container = tree
  for (const step of path.slice(0, -1)) {
    if (!isObject(container)) return
    container[step] ??= Object.create(null)
    container = container[step]
  }
  if (isObject(container)) container[path.at(-1)!] = value
}
