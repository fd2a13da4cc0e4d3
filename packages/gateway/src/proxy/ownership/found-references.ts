import { GatewayError } from '../errors/errors.ts'
import { firstStart, isString, memberValue, nextStart, valueEnd } from '../request/json-walk.ts'
import { idShape } from '../routing/route.ts'
import { lostOwner } from './lost-owner.ts'
import { type OwnerKind, ownerKey } from './owner-key.ts'

/** Something that exists at one state domain only, and that a body names. */
export interface Reference {
  readonly kind: OwnerKind
  readonly key: string
  /** The id as it was given; `''` for encrypted content. */
  readonly id: string
  /** The top-level field that names it. */
  readonly param: string
  /**
   * Where the items start that are reasoning and hold this encrypted content; undefined where it cannot be taken out of
   * the request without losing what was said.
   */
  readonly removable: readonly number[] | undefined
}

/** The most that one request may name: more than any context window holds, few enough to be looked up at once. */
const maxReferences = 4096

const maxCitationBytes = 2048

const quote = 0x22
const backslash = 0x5c
const openBracket = 0x5b

/** Gathers references out of the bytes of a body that is valid JSON, each once. */
export class FoundReferences {
  readonly #bytes: Uint8Array
  readonly #byKey = new Map<string, Reference & { removable: number[] | undefined }>()

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get all(): readonly Reference[] {
    return this.#byKey.size === 0 ? none : [...this.#byKey.values()]
  }

  /** The string at `at`; what is none names nothing, and is the upstream's to judge. */
  one(kind: OwnerKind, at: number, param: string, item?: number): void {
    if (this.#bytes[at] !== quote) return
    const text = this.#textAt(at)
    const id = kind === 'encrypted' ? '' : asText(text)
    const wellFormed = kind === 'encrypted' ? text.length > 0 : idShape.test(id)
    if (!wellFormed) throw lostOwner({ kind, id, param })
    this.#add({
      kind,
      key: ownerKey(kind, text),
      id,
      param,
      removable: item === undefined ? undefined : [item],
    })
  }

  /** The strings of the list at `at`, or the one string there. */
  anyOf(kind: OwnerKind, at: number, param: string): void {
    if (this.#bytes[at] !== openBracket) {
      this.one(kind, at, param)
      return
    }
    const end = this.endOf(at)
    for (let item = firstStart(this.#bytes, at, end); item >= 0; ) {
      this.one(kind, item, param)
      item = nextStart(this.#bytes, valueEnd(this.#bytes, item, end), end)
    }
  }

  /** The string at `at`, undefined when there is none. */
  stringAt(at: number): string | undefined {
    return this.#bytes[at] === quote ? asText(this.#textAt(at)) : undefined
  }

  /** The index behind the value at `at`. */
  endOf(at: number): number {
    return valueEnd(this.#bytes, at, this.#bytes.length)
  }

  /** Whether the object at `at` has this member, and always as a string that is not empty. */
  carries(at: number, name: string): boolean {
    const values = this.stringsOf(at, name)
    return values !== undefined && values.length > 0 && values.every(value => value !== '')
  }

  /** What the object at `at` says its type is, as often as it says so; undefined for one too long to be a citation. */
  typesOf(at: number): readonly string[] | undefined {
    // Objects that name files lie in each other, to any depth: looking must cost little each time.
    if (
      valueEnd(this.#bytes, at, Math.min(at + maxCitationBytes, this.#bytes.length)) ===
      at + maxCitationBytes
    )
      return undefined
    return this.stringsOf(at, 'type')
  }

  /**
   * The values of one member of the object at `at`, as often as it is there; what is no string reads as `''`. Undefined
   * when a key of the object is written with an escape: it might be any name.
   */
  stringsOf(at: number, name: string): readonly string[] | undefined {
    const bytes = this.#bytes
    const end = this.endOf(at)
    const values: string[] = []
    for (let key = firstStart(bytes, at, end); key >= 0; ) {
      if (bytes.subarray(key, valueEnd(bytes, key, end)).includes(backslash)) return undefined
      const value = memberValue(bytes, key, end)
      if (isString(bytes, key, name)) values.push(this.stringAt(value) ?? '')
      key = nextStart(bytes, valueEnd(bytes, value, end), end)
    }
    return values
  }

  /** What the string at `at` says, in UTF-8. */
  #textAt(at: number): Uint8Array {
    const end = this.endOf(at)
    const raw = this.#bytes.subarray(at + 1, end - 1)
    if (!raw.includes(backslash)) return raw
    const said: string = JSON.parse(asText(this.#bytes.subarray(at, end)))
    return new TextEncoder().encode(said)
  }

  #add(reference: Reference & { removable: number[] | undefined }): void {
    const { key, removable } = reference
    const known = this.#byKey.get(key)
    if (known === undefined) {
      this.#byKey.set(key, reference)
      if (this.#byKey.size > maxReferences) {
        throw new GatewayError('too_many_references', { values: { limit: maxReferences } })
      }
    } else if (known.removable !== undefined && removable !== undefined) {
      known.removable.push(...removable)
    } else {
      known.removable = undefined
    }
  }
}

const none: readonly Reference[] = []
const decoder = new TextDecoder()

function asText(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}
