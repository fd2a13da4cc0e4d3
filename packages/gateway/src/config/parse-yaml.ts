import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import type { Problem } from './errors.ts'
import { type Environment, interpolate } from './interpolate.ts'
import { type Origin, OriginTable, type Path, pointer } from './origin.ts'
import { syntaxProblems } from './syntax-problems.ts'

/** A document before validation: plain values (null-prototype objects, arrays, scalars) and where each stands. */
export interface Draft {
  /** undefined for an empty or unreadable document. */
  tree: unknown
  readonly origins: OriginTable
  /** Pointers of the scalars that hold text from the environment. */
  readonly interpolated: Set<string>
  readonly problems: Problem[]
}

/** An alias costs nothing to write and everything it names to expand (the "billion laughs"). */
const maxValues = 100_000
const maxAliases = 100
const maxDepth = 32

type Remark = Pick<Problem, 'message' | 'fix'>

const tooMuch: Remark = {
  message: `holds more than ${maxValues} values, ${maxAliases} aliases or ${maxDepth} levels, so it is not expanded`,
  fix: 'write the values out instead of nesting aliases',
}
const badKey: Remark = { message: 'has a key that is not a name', fix: 'write keys as plain text' }
const mergeKey: Remark = { message: 'uses the merge key <<, which is not read', fix: 'repeat the keys here' }
const unknownAlias: Remark = {
  message: 'is an alias of an anchor that is not defined above it',
  fix: 'define the anchor with & first, or quote the text if * is meant literally',
}

/**
 * Reads YAML 1.2 (core schema) into a {@link Draft}: `${…}` replaced in string scalars; keys that stand twice,
 * tags, merge keys and floods of aliases reported with their place. Never throws, whatever the text. When the
 * syntax is broken the tree is undefined and the problems say why: what a parser guesses is not worth checking.
 */
export function parseYaml(text: string, options: { file: string; env: Environment }): Draft {
  const lines = new LineCounter()
  const draft: Draft = { tree: undefined, origins: new OriginTable(), interpolated: new Set(), problems: [] }
  const at = (offset: number): Origin => {
    const { line, col } = lines.linePos(offset)
    return { kind: 'file', file: options.file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const document = parseOrUndefined(text, lines)
  if (document === undefined) {
    const message = 'cannot be read as YAML: it is nested too deeply'
    draft.problems.push({ origin: at(0), path: [], message, fix: 'check the brackets' })
    return draft
  }
  draft.problems.push(...syntaxProblems([...document.errors, ...document.warnings], at))
  draft.origins.set([], at(0))
  if (draft.problems.length === 0 && document.contents !== null) {
    draft.tree = new Walk({ draft, at, document, env: options.env }).value(document.contents, [])
  }
  return draft
}

/** The parser recurses once a level: a file made of brackets exhausts the stack. */
function parseOrUndefined(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, merge: false })
  } catch {
    return undefined
  }
}

interface WalkInput {
  readonly draft: Draft
  readonly at: (offset: number) => Origin
  readonly document: Document
  readonly env: Environment
}

/** One pass over the syntax tree. A class because its limits count over the whole pass. */
class Walk {
  readonly #input: WalkInput
  #values = 0
  #aliases = 0
  #stopped = false

  constructor(input: WalkInput) {
    this.#input = input
  }

  value(node: unknown, path: Path): unknown {
    if (this.#stopped) return undefined
    const origin = this.#origin(node, path)
    if (++this.#values > maxValues || path.length > maxDepth) return this.#stop(origin, path)
    this.#input.draft.origins.set(path, origin)
    if (isAlias(node)) return this.#alias(node, path, origin)
    if (isSeq(node)) return node.items.map((item, index) => this.value(item, [...path, index]) ?? null)
    if (isMap(node)) return this.#map(node, path)
    if (isScalar(node)) return this.#scalar(node, path, origin)
    return undefined
  }

  #origin(node: unknown, path: Path): Origin {
    const range = (node as Partial<Node> | null)?.range
    return range ? this.#input.at(range[0]) : this.#input.draft.origins.nearest(path)
  }

  #alias(node: Alias, path: Path, origin: Origin): unknown {
    if (++this.#aliases > maxAliases) return this.#stop(origin, path)
    const target = node.resolve(this.#input.document)
    if (target === undefined) return this.#report(origin, path, unknownAlias)
    const value = this.value(target, path)
    this.#input.draft.origins.set(path, origin)
    return value
  }

  #map(node: YAMLMap, path: Path): Record<string, unknown> {
    const result: Record<string, unknown> = Object.create(null)
    for (const pair of node.items) this.#pair(pair as Pair, path, result)
    return result
  }

  /** A key with nothing behind it counts as not given, so that a section may be commented out line by line. */
  #pair(pair: Pair, path: Path, result: Record<string, unknown>): undefined {
    if (this.#stopped) return
    const { origins } = this.#input.draft
    const keyOrigin = this.#origin(pair.key, path)
    const key = isScalar(pair.key) && pair.key.value !== null ? String(pair.key.value) : ''
    if (key === '' || key === '__proto__') return this.#report(keyOrigin, path, badKey)
    if (key === '<<') return this.#report(keyOrigin, path, mergeKey)
    const here = [...path, key]
    if (key in result) {
      const { line } = origins.key(here) as { line?: number }
      const message = `is given twice; the first is on line ${line}`
      return this.#report(keyOrigin, here, { message, fix: 'keep one of the two' })
    }
    origins.setKey(here, keyOrigin)
    result[key] = this.value(pair.value, here)
  }

  #scalar(node: Scalar, path: Path, origin: Origin): unknown {
    if (typeof node.value !== 'string') return node.value ?? undefined
    const result = interpolate(node.value, this.#input.env)
    if (result.kind === 'problem') return this.#report(origin, path, result)
    if (result.variables.length > 0) {
      const { variables } = result
      this.#input.draft.origins.set(path, { ...origin, variables } as Origin)
      this.#input.draft.interpolated.add(pointer(path))
    }
    return result.text
  }

  #report(origin: Origin, path: Path, { message, fix }: Remark): undefined {
    this.#input.draft.problems.push({ origin, path, message, fix })
  }

  #stop(origin: Origin, path: Path): undefined {
    this.#stopped = true
    this.#report(origin, path.slice(0, 2), tooMuch)
  }
}
