/**
 * One pass over JSON text as bytes: accepts what `JSON.parse` accepts, builds nothing, and notes where the
 * wanted members lie: of the top-level object all of it, of objects inside it their place. One loop over local variables and no recursion: that is what makes
 * a body of megabytes cost a few milliseconds, and a body of a million brackets nothing at all.
 */

/** What sort of value lies in a range. */
export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'

/** A member of the top-level object: its value lies in `[start, end)`. */
export interface JsonField {
  readonly name: string
  readonly start: number
  readonly end: number
  readonly kind: JsonKind
}

/**
 * The wanted members found below the top level, in the order of the text; as numbers, because a long history has
 * hundreds of them. Of each: which of the wanted names it is, the depth of the object it stands in (the top-level one
 * has 1), where that object starts, and where its value does, which has not been looked at.
 */
export class DeepFields {
  readonly #names: readonly DeepName[]
  readonly #numbers: Int32Array
  readonly count: number

  constructor(names: readonly DeepName[], numbers: Int32Array) {
    this.#names = names
    this.#numbers = numbers
    this.count = numbers.length / numbersEach
  }

  name(index: number): string {
    return this.#names[this.#numbers[index * numbersEach]!]!.name
  }

  depth(index: number): number {
    return this.#numbers[index * numbersEach + 1]!
  }

  object(index: number): number {
    return this.#numbers[index * numbersEach + 2]!
  }

  value(index: number): number {
    return this.#numbers[index * numbersEach + 3]!
  }
}

const numbersEach = 4

/** What is wrong with a text, and at which byte. */
export type JsonProblem =
  | { readonly kind: 'syntax'; readonly offset: number; readonly detail: string }
  | { readonly kind: 'too_deep'; readonly offset: number }
  | { readonly kind: 'duplicate'; readonly offset: number; readonly name: string }
  | { readonly kind: 'too_many'; readonly offset: number }
  | { readonly kind: 'not_object'; readonly given: JsonKind }

/** The fields found, or the first problem. */
export type JsonScan =
  | {
      readonly ok: true
      readonly fields: ReadonlyMap<string, JsonField>
      readonly count: number
      readonly deep: DeepFields
    }
  | { readonly ok: false; readonly problem: JsonProblem }

/** Names to look for, prepared once: which lengths occur decides most keys without comparing them. */
export interface WantedFields {
  readonly names: ReadonlySet<string>
  readonly lengths: Uint8Array
  readonly deep: WantedDeep | undefined
}

/** Names to look for below the top level. */
interface WantedDeep {
  readonly names: readonly DeepName[]
  /** By length, a bit for each first letter: sorts out nearly every key. */
  readonly initials: Uint32Array
}

interface DeepName {
  readonly name: string
  readonly index: number
  readonly bytes: Uint8Array
  /** The depth of the objects it counts in; 0 for any. */
  readonly depth: number
}

/**
 * Prepares the names to look for; ASCII, shorter than 64 bytes. `deep` gives the names wanted below the top level,
 * each with the depth of the objects it counts in, 0 for any.
 */
export function wantFields(names: readonly string[], deep?: Readonly<Record<string, number>>): WantedFields {
  const lengths = new Uint8Array(64)
  for (const name of names) lengths[name.length] = 1
  return { names: new Set(names), lengths, deep: deep && wantDeep(deep) }
}

function wantDeep(depths: Readonly<Record<string, number>>): WantedDeep {
  const encoder = new TextEncoder()
  const names = Object.entries(depths).map(
    ([name, depth], index): DeepName => ({ name, index, depth, bytes: encoder.encode(name) }),
  )
  const initials = new Uint32Array(64)
  for (const { bytes } of names) initials[bytes.length]! |= 1 << (bytes[0]! & 31)
  return { names, initials }
}

/** The most members noted below the top level: a body of millions of them must not become millions of objects. */
export const maxDeepFields = 1 << 16

/** The deepest nesting accepted: deeper bodies break the parsers behind us. */
export const maxJsonDepth = 128

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

// What is expected next.
const value = 0
const firstItem = 1
const firstKey = 2
const key = 3
const separator = 4

/**
 * Scans one JSON text from `start`. UTF-8 is the caller's to check. Linear in the length; the only memory it
 * takes grows with the wanted fields.
 */
export function scanJson(bytes: Uint8Array, start: number, wanted: WantedFields): JsonScan {
  const found: Found = { wanted, fields: new Map(), deepCount: 0, count: 0, kind: 'null' }
  const problem = walk(bytes, start, bytes.length, found)
  if (problem !== undefined) return { ok: false, problem }
  if (found.kind !== 'object') return { ok: false, problem: { kind: 'not_object', given: found.kind } }
  return {
    ok: true,
    fields: found.fields,
    count: found.count,
    deep: deepFields(wanted.deep, found.deepCount),
  }
}

/**
 * Whether the first `length` bytes are one JSON text of any kind, nested at most {@link maxJsonDepth} deep.
 * Allocates nothing when they are. A byte 0 must follow them: it is what stops a text that is cut.
 */
export function isJson(bytes: Uint8Array, length: number): boolean {
  return walk(bytes, 0, length, undefined) === undefined
}

function deepFields(wanted: WantedDeep | undefined, count: number): DeepFields {
  return wanted === undefined || count === 0
    ? noDeepFields
    : new DeepFields(wanted.names, notes.slice(0, count * numbersEach))
}

const noDeepFields = new DeepFields([], new Int32Array(0))

/** What a walk notes on its way. */
interface Found {
  readonly wanted: WantedFields
  readonly fields: Map<string, JsonField>
  deepCount: number
  count: number
  kind: JsonKind
}

/** One entry a level: 1 = object, 0 = array. Shared, because a walk is never interrupted. */
const levels = new Uint8Array(maxJsonDepth + 1)
/** Where each of them starts. */
const starts = new Int32Array(maxJsonDepth + 1)
/** What is noted below the top level; as long as the most that was ever noted. */
let notes = new Int32Array(1024 * numbersEach)

function walk(
  bytes: Uint8Array,
  start: number,
  length: number,
  found: Found | undefined,
): JsonProblem | undefined {
  const deep = found?.wanted.deep
  let depth = 0
  let expect = value
  let name: string | undefined
  let valueStart = start
  let kind: JsonKind = 'null'
  let at = skipSpace(bytes, start)
  for (;;) {
    if (at >= length) return syntax(length, 'the text ends here, unfinished')
    const byte = bytes[at]!
    let ended = false
    if (expect === separator) {
      const inObject = levels[depth] === 1
      if (byte === 0x2c) {
        at = skipSpace(bytes, at + 1)
        expect = inObject ? key : value
        continue
      }
      if (byte !== (inObject ? closeBrace : closeBracket)) {
        return syntax(at, inObject ? '"," or "}" is expected here' : '"," or "]" is expected here')
      }
      ended = true
    } else if (expect === key || expect === firstKey) {
      if (byte === closeBrace && expect === firstKey) {
        ended = true
      } else {
        if (byte !== quote) return syntax(at, 'a key in double quotes is expected here')
        const end = keyEnd(bytes, at)
        if (end < 0) return badString(bytes, ~end)
        if (depth === 1 && found !== undefined) {
          found.count++
          name = wantedName(bytes, at, end, found.wanted)
          if (name !== undefined && found.fields.has(name)) return { kind: 'duplicate', offset: at, name }
        }
        const keyStart = at
        at = skipSpace(bytes, end)
        if (bytes[at] !== 0x3a) return syntax(at, '":" is expected here')
        at = skipSpace(bytes, at + 1)
        if (deep !== undefined && depth > 1 && mayBe(bytes, keyStart, end, deep.initials)) {
          const index = deepName(bytes, keyStart, end, deep, depth)
          if (index >= 0 && !note(found!, index, depth, at)) return { kind: 'too_many', offset: keyStart }
        }
        expect = value
        continue
      }
    } else if (byte === closeBracket && expect === firstItem) {
      ended = true
    }
    if (ended) {
      kind = levels[depth] === 1 ? 'object' : 'array'
      depth--
      at++
    } else {
      if (depth === 1) valueStart = at
      if (byte === quote) {
        const end = stringEnd(bytes, at)
        if (end < 0) return badString(bytes, ~end)
        at = end
        kind = 'string'
      } else if (byte === openBrace || byte === openBracket) {
        if (depth === maxJsonDepth) return { kind: 'too_deep', offset: at }
        levels[++depth] = byte === openBrace ? 1 : 0
        starts[depth] = at
        expect = byte === openBrace ? firstKey : firstItem
        at = skipSpace(bytes, at + 1)
        continue
      } else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
        const end = numberEnd(bytes, at)
        if (end < 0) return syntax(~end, 'a digit is expected here')
        at = end
        kind = 'number'
      } else {
        const end = literalEnd(bytes, at)
        if (end < 0) return syntax(at, 'a value is expected here')
        at = end
        kind = byte === 0x6e ? 'null' : 'boolean'
      }
    }
    // A value is complete.
    if (depth === 1 && name !== undefined) {
      found!.fields.set(name, { name, start: valueStart, end: at, kind })
      name = undefined
    }
    at = skipSpace(bytes, at)
    if (depth === 0) break
    expect = separator
  }
  if (at < length) return syntax(at, 'something follows the end of the value')
  if (found !== undefined) found.kind = kind
  return undefined
}

const syntax = (offset: number, detail: string): JsonProblem => ({ kind: 'syntax', offset, detail })

function skipSpace(bytes: Uint8Array, at: number): number {
  for (;;) {
    const byte = bytes[at]
    if (byte === undefined || byte > 0x20) return at
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at
    at++
  }
}

/** The index behind the closing quote of the string at `at`; when it is broken, the complement of where. */
function stringEnd(bytes: Uint8Array, at: number): number {
  const length = bytes.length
  at++
  while (at < length) {
    const byte = bytes[at]!
    if (byte === quote) return at + 1
    if (byte === backslash) {
      const width = escapeWidth(bytes, at)
      if (width === 0) return ~at
      at += width
    } else if (byte < 0x20) {
      return ~at
    } else {
      at++
    }
  }
  return ~length
}

/** Whether the key read last holds an escape: such a one may be any name. */
let keyEscaped = false

/** {@link stringEnd} of a key. */
function keyEnd(bytes: Uint8Array, at: number): number {
  const start = at
  const length = bytes.length
  keyEscaped = false
  at++
  while (at < length) {
    const byte = bytes[at]!
    if (byte === quote) return at + 1
    if (byte === backslash || byte < 0x20) break
    at++
  }
  keyEscaped = true
  return stringEnd(bytes, start)
}

function badString(bytes: Uint8Array, at: number): JsonProblem {
  if (at >= bytes.length) return syntax(at, 'the text ends inside a string')
  if (bytes[at] === backslash) return syntax(at, 'this escape is not one of JSON')
  return syntax(at, 'a control character inside a string must be escaped')
}

/** Bytes an escape takes, 0 when it is none of JSON's. */
function escapeWidth(bytes: Uint8Array, at: number): number {
  switch (bytes[at + 1]) {
    case quote:
    case backslash:
    case 0x2f: // solidus
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return 2
    case 0x75: // u
      return isHex(bytes[at + 2]) && isHex(bytes[at + 3]) && isHex(bytes[at + 4]) && isHex(bytes[at + 5])
        ? 6
        : 0
    default:
      return 0
  }
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39
const isHex = (byte: number | undefined): boolean =>
  isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)

/** The index behind the number at `at`, or the complement of where a digit is missing. */
function numberEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x2d) at++
  if (!isDigit(bytes[at])) return ~at
  at = bytes[at] === 0x30 ? at + 1 : digitsEnd(bytes, at)
  if (bytes[at] === 0x2e) {
    if (!isDigit(bytes[++at])) return ~at
    at = digitsEnd(bytes, at)
  }
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    at++
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++
    if (!isDigit(bytes[at])) return ~at
    at = digitsEnd(bytes, at)
  }
  return at
}

function digitsEnd(bytes: Uint8Array, at: number): number {
  while (isDigit(bytes[at])) at++
  return at
}

const literals = ['true', 'false', 'null'].map(text => new TextEncoder().encode(text))

/** The index behind `true`, `false` or `null`, or -1. */
function literalEnd(bytes: Uint8Array, at: number): number {
  for (const literal of literals) {
    if (bytes[at] !== literal[0]) continue
    for (let i = 1; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return -1
    return at + literal.length
  }
  return -1
}

/**
 * The key in `[start, end)`, quotes included, if it is wanted. Keys may be written with escapes
 * (`"mod\u0065l"`), which a parser behind us would read as the same name.
 */
function wantedName(bytes: Uint8Array, start: number, end: number, wanted: WantedFields): string | undefined {
  const length = end - start - 2
  // Six bytes is the longest spelling of one character.
  if (length >= 64 * 6) return undefined
  let raw = ''
  if (length < 64 && wanted.lengths[length] === 1) raw = ascii(bytes, start, end)
  else if (bytes.subarray(start, end).includes(backslash)) raw = ascii(bytes, start, end)
  else return undefined
  const name: string = raw.includes('\\') ? JSON.parse(raw) : raw.slice(1, -1)
  return wanted.names.has(name) ? name : undefined
}

/** Which name the key in `[start, end)` is, if it is wanted in an object at this depth; else -1. */
function deepName(bytes: Uint8Array, start: number, end: number, wanted: WantedDeep, depth: number): number {
  if (keyEscaped) {
    const name: string = end - start < 64 * 6 ? JSON.parse(ascii(bytes, start, end)) : ''
    const found = wanted.names.find(one => one.name === name)
    return found !== undefined && (found.depth === 0 || found.depth === depth) ? found.index : -1
  }
  const length = end - start - 2
  const { names } = wanted
  for (let index = 0; index < names.length; index++) {
    const { bytes: spelled, depth: at } = names[index]!
    if (spelled.length !== length || (at !== 0 && at !== depth)) continue
    if (spells(bytes, start + 1, spelled)) return index
  }
  return -1
}

/** Whether the key in `[start, end)` may be wanted: by length and first letter, or because an escape hides both. */
function mayBe(bytes: Uint8Array, start: number, end: number, initials: Uint32Array): boolean {
  if (keyEscaped) return true
  const length = end - start - 2
  return length < 64 && ((initials[length]! >>> (bytes[start + 1]! & 31)) & 1) === 1
}

/** Notes a member below the top level; false when there are too many. */
function note(found: Found, index: number, depth: number, valueStart: number): boolean {
  if (found.deepCount === maxDeepFields) return false
  const at = found.deepCount++ * numbersEach
  if (at === notes.length) {
    const longer = new Int32Array(2 * at)
    longer.set(notes)
    notes = longer
  }
  notes[at] = index
  notes[at + 1] = depth
  notes[at + 2] = starts[depth]!
  notes[at + 3] = valueStart
  return true
}

function spells(bytes: Uint8Array, at: number, spelled: Uint8Array): boolean {
  for (let i = 0; i < spelled.length; i++) if (bytes[at + i] !== spelled[i]) return false
  return true
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!)
  return text
}
