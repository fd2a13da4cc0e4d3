import { hash } from 'node:crypto'
import type { JsonField } from './json-scanner.ts'
import { firstStart, isString, memberValue, nextStart, valueEnd } from './json-walk.ts'
import type { RequestScan } from './scan.ts'

/**
 * The most of one part (instructions, tools, a head message, the user's item) that is hashed: 16 KiB are about 4000
 * tokens. Requests that agree on so long a beginning share a cached prefix, so they may well share an account.
 */
const maxPartBytes = 16 << 10

/** The most of `input` or `messages` that is looked at: what lies behind says nothing a prompt cache would notice. */
const maxWalkBytes = 256 << 10

/**
 * A session key for a client that sends none: a hash of the stable head of its conversation, which are the
 * instructions, the tools, the system and developer messages that come first, and the first item of the user. A client
 * that sends its whole history sends the same head with every turn. Undefined when there is no item of the user.
 *
 * Texts are hashed as they are spelled, whatever holds them: a string, `content` of a string, or parts of text are one
 * and the same, because clients send a first turn as a string and repeat it as an item. The order of keys does not
 * matter, white space inside the tools does.
 *
 * Scoped by tenant, and never equal to an explicit key. Cost: the head is walked and hashed, at most some 300 KiB of
 * the first and 100 KiB of the second, however long the history is.
 */
export function fingerprint(tenant: string, scan: RequestScan): string | undefined {
  const turns = scan.field('messages') ?? scan.field('input')
  if (turns === undefined) return undefined
  const { bytes } = scan
  const head = new HeadBytes(bytes, tenant)
  head.field('i', scan.field('instructions'))
  head.field('t', scan.field('tools'))
  if (turns.kind === 'string') head.text('u', turns.start, turns.end)
  else if (turns.kind !== 'array' || !addTurns(head, bytes, turns)) return undefined
  return head.digest()
}

/** The messages up to the user's first; false when there is none. */
function addTurns(head: HeadBytes, body: Uint8Array, turns: JsonField): boolean {
  const end = Math.min(turns.end, turns.start + maxWalkBytes)
  // No search of the walk runs on into the history.
  const bytes = body.subarray(0, end)
  let leading = true
  for (let at = firstStart(bytes, turns.start, end); at >= 0; ) {
    const itemEnd = valueEnd(bytes, at, end)
    const item = readItem(bytes, at, itemEnd)
    if (item.role === 'user') {
      addContent(head, 'u', bytes, item)
      return true
    }
    // Instructions given later belong to their turn, and a history may lose them.
    if (item.role === 'instruction' && leading) addContent(head, 's', bytes, item)
    else leading = false
    at = nextStart(bytes, itemEnd, end)
  }
  return false
}

interface Item {
  readonly role: 'user' | 'instruction' | 'other'
  /** Where `content` starts, -1 when there is none. */
  readonly content: number
  readonly end: number
}

function readItem(bytes: Uint8Array, start: number, end: number): Item {
  let role: Item['role'] = 'other'
  let content = -1
  if (bytes[start] === 0x7b) {
    for (let at = firstStart(bytes, start, end); at >= 0; ) {
      const value = memberValue(bytes, at, end)
      if (isString(bytes, at, 'content')) content = value
      else if (isString(bytes, at, 'role')) role = roleOf(bytes, value)
      at = nextStart(bytes, valueEnd(bytes, value, end), end)
    }
  }
  return { role, content, end }
}

function roleOf(bytes: Uint8Array, at: number): Item['role'] {
  if (isString(bytes, at, 'user')) return 'user'
  return isString(bytes, at, 'system') || isString(bytes, at, 'developer') ? 'instruction' : 'other'
}

function addContent(head: HeadBytes, tag: PartTag, bytes: Uint8Array, { content, end }: Item): void {
  if (content < 0) return
  if (bytes[content] !== 0x5b) {
    head.text(tag, content, valueEnd(bytes, content, end))
    return
  }
  for (let at = firstStart(bytes, content, end); at >= 0; ) {
    const partEnd = valueEnd(bytes, at, end)
    const text = textOf(bytes, at, partEnd)
    if (text < 0) head.raw(tag, at, partEnd)
    else head.text(tag, text, valueEnd(bytes, text, partEnd))
    at = nextStart(bytes, partEnd, end)
  }
}

/** Where the text of a part of content starts; -1 for an image, a file and the like. */
function textOf(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== 0x7b) return -1
  for (let at = firstStart(bytes, start, end); at >= 0; ) {
    const value = memberValue(bytes, at, end)
    if (isString(bytes, at, 'text')) return value
    at = nextStart(bytes, valueEnd(bytes, value, end), end)
  }
  return -1
}

/** Instructions, tools, system message, user's item. */
type PartTag = 'i' | 't' | 's' | 'u'

/** Room for what is hashed, shared because nothing waits while it is in use; what finds no room is left out. */
const room = Buffer.alloc(8 * maxPartBytes)

/** The parts of a head, each with its tag and length before it, so that no two heads read the same. */
class HeadBytes {
  readonly #bytes: Uint8Array
  #used: number

  constructor(bytes: Uint8Array, tenant: string) {
    this.#bytes = bytes
    this.#used = room.write(`head:${tenant.length}:${tenant}:`)
  }

  field(tag: PartTag, field: JsonField | undefined): void {
    if (field === undefined || field.kind === 'null') return
    if (field.kind === 'string') this.text(tag, field.start, field.end)
    else this.raw(tag, field.start, field.end)
  }

  /** A string, without its quotes. */
  text(tag: PartTag, start: number, end: number): void {
    const quoted = this.#bytes[start] === 0x22
    const closed = quoted && end - start > 1 && this.#bytes[end - 1] === 0x22
    this.#add(tag, quoted ? start + 1 : start, closed ? end - 1 : end)
  }

  raw(tag: PartTag, start: number, end: number): void {
    this.#add(tag, start, end)
  }

  digest(): string {
    return hash('sha256', room.subarray(0, this.#used), 'hex')
  }

  #add(tag: PartTag, start: number, end: number): void {
    const label = `${tag}${end - start}:`
    const taken = Math.min(end - start, maxPartBytes, room.length - this.#used - label.length)
    if (taken < 0) return
    this.#used += room.write(label, this.#used)
    room.set(this.#bytes.subarray(start, start + taken), this.#used)
    this.#used += taken
  }
}
