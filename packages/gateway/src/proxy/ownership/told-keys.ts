import { idShape } from '../routing/route.ts'
import type { Binds } from './binds.ts'
import { listedItemKey, type OwnerKind, ownerKey } from './owner-key.ts'

type Fields = { readonly [name: string]: unknown }

/**
 * The hard keys that one answer tells its client, each once: its own id, the conversation it belongs to, and what
 * its output holds. Reads only the places where the API puts them; what is no id is passed over.
 */
export class ToldKeys {
  readonly #binds: Binds
  readonly #told = new Set<string>()
  #fresh: string[] = []

  constructor(binds: Binds) {
    this.#binds = binds
  }

  /** Whether the output is worth reading. */
  get readsItems(): boolean {
    return this.#binds.items !== 'none'
  }

  /** The keys told since they were last taken; undefined when there are none. */
  take(): readonly string[] | undefined {
    if (this.#fresh.length === 0) return undefined
    const taken = this.#fresh
    this.#fresh = []
    return taken
  }

  answer(id: string): void {
    if (this.#binds.answer !== undefined) this.#tell(ownerKey(this.#binds.answer, id))
  }

  /** `conversation` of a response: an object with its id. */
  conversation(value: unknown): void {
    if (this.readsItems && isObject(value)) this.#id('conversation', value['id'])
  }

  /** `output` of a response. */
  output(value: unknown): void {
    if (!this.readsItems || !Array.isArray(value)) return
    for (const entry of value as readonly unknown[]) this.item(entry)
  }

  /**
   * `data` of a list of items. The client may have made them, with ids and citations of its choice: only what is sealed
   * leads home by itself, and an id below the list's own path.
   */
  listed(value: unknown): void {
    if (!this.readsItems || !Array.isArray(value)) return
    for (const entry of value as readonly unknown[]) {
      if (!isObject(entry)) continue
      this.#sealed(entry)
      const { id } = entry
      const { within } = this.#binds
      if (within !== undefined && typeof id === 'string' && idShape.test(id))
        this.#tell(listedItemKey(within, id))
    }
  }

  /** `data` of a list of things that are bound by their ids. */
  list(value: unknown): void {
    const kind = this.#binds.list
    if (kind === undefined || !Array.isArray(value)) return
    for (const one of value as readonly unknown[]) if (isObject(one)) this.#id(kind, one['id'])
  }

  /** A file that a batch has put out. */
  outputFile(value: unknown): void {
    if (this.#binds.outputs === true) this.#id('file', value)
  }

  item(item: unknown): void {
    if (!this.readsItems || !isObject(item)) return
    this.#sealed(item)
    if (this.#binds.items === 'sealed') return
    const { id, type, encrypted_content: encrypted, container_id: container, content } = item
    // Reasoning without its encrypted content is nothing but its id, whether or not the answer is stored.
    const idAlone = type === 'reasoning' && typeof encrypted !== 'string'
    if (idAlone || this.#binds.items === 'all') this.#id('item', id)
    this.#id('container', container)
    if (isObject(item['environment'])) this.#id('container', item['environment']['container_id'])
    if (Array.isArray(content)) for (const part of content as readonly unknown[]) this.#part(part)
  }

  /** Files that tools make are told by annotations; a citation names a file that is the client's already. */
  annotation(value: unknown): void {
    if (!this.readsItems || !isObject(value)) return
    const { type } = value
    if (type !== 'container_file_citation' && type !== 'file_path') return
    this.#id('file', value['file_id'])
    this.#id('container', value['container_id'])
  }

  #sealed({ encrypted_content: encrypted, content }: Fields): void {
    this.#encrypted(encrypted)
    if (!Array.isArray(content)) return
    for (const part of content as readonly unknown[])
      if (isObject(part)) this.#encrypted(part['encrypted_content'])
  }

  #part(part: unknown): void {
    if (!isObject(part)) return
    const { annotations } = part
    if (Array.isArray(annotations)) for (const one of annotations as readonly unknown[]) this.annotation(one)
  }

  #encrypted(value: unknown): void {
    if (typeof value === 'string' && value !== '') this.#tell(ownerKey('encrypted', value))
  }

  #id(kind: OwnerKind, value: unknown): void {
    if (typeof value === 'string' && idShape.test(value)) this.#tell(ownerKey(kind, value))
  }

  #tell(key: string): void {
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#fresh.push(key)
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
