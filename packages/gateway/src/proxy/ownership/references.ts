import { duplicateKey, type RequestScan, type RoutingField } from '../request/scan.ts'
import { FoundReferences, type Reference } from './found-references.ts'

/** Fields of the body itself that name files. */
const topLevelFiles = ['file_id', 'file_ids', 'input_file_id', 'training_file', 'validation_file'] as const

/** Fields that hold references further down. */
const regions = ['input', 'messages', 'prompt', 'tools'] as const satisfies readonly RoutingField[]

/** An item of a list is an object at this depth: body, list, item. */
const itemDepth = 3

/**
 * All that a body names by id, or by encrypted content, wherever the API takes it:
 *
 * - `input`: encrypted content at any depth; the ids of item references, of reasoning without its encrypted content
 *   and of images without their result, which the upstream reads from its store; files, vector stores and containers
 *   at any depth. An item that brings its whole content is not a reference: its id is a label. What annotations and
 *   search results cite is history.
 * - `messages`, `prompt`: files at any depth.
 * - `tools`: vector stores, containers and files of hosted tools; not what the schema of a function spells alike.
 *
 * `elsewhere` says whether a file named anywhere else counts as well, for endpoints whose bodies are not known.
 * `null` is absent. Throws the answer to a lost id for one that has no form of an id, `duplicate_key` for an item of
 * two types (the upstream may read the other one), and `too_many_references`. Costs nothing but a look at a number
 * where there are none; hashes what it finds.
 */
export function findReferences(
  scan: RequestScan,
  options: { readonly elsewhere: 'ignored' | 'files' },
): readonly Reference[] {
  const found = new FoundReferences(scan.bytes)
  for (const name of topLevelFiles) {
    const field = scan.field(name)
    if (field !== undefined) found.anyOf('file', field.start, name)
  }
  if (scan.deep.count > 0) {
    const { items, files } = readPlaces(scan, found, options.elsewhere)
    for (const item of items) closeItem(scan, found, item)
    const searches = new SearchResults(found, items)
    for (const file of files) {
      if (!isCitation(found, file, searches)) found.one('file', file.value, 'input')
    }
  }
  return found.all
}

/** An item of `input`, by the values of the members that matter. */
interface Item {
  readonly start: number
  type: number
  readonly ids: number[]
  readonly encrypted: number[]
}

/** A file named in `input`, and the object that names it. */
interface InputFile {
  readonly object: number
  readonly value: number
}

interface Places {
  readonly items: Item[]
  readonly files: InputFile[]
}

/** Notes what needs no more than its place; answers what has to be judged with what surrounds it. */
function readPlaces(scan: RequestScan, found: FoundReferences, elsewhere: 'ignored' | 'files'): Places {
  const { deep } = scan
  const places: Places = { items: [], files: [] }
  const fields = regions.map(name => ({ name, field: scan.field(name) }))
  for (let index = 0; index < deep.count; index++) {
    const value = deep.value(index)
    const region = fields.find(({ field }) => field !== undefined && value > field.start && value < field.end)
    const name = deep.name(index)
    if (region?.name === 'input') inInput(scan, found, places, index)
    else if (region?.name === 'tools') inTools(found, name, deep.depth(index), value)
    else if (name === 'file_id' && (region !== undefined || elsewhere === 'files')) {
      found.one('file', value, region?.name ?? name)
    }
  }
  return places
}

function inInput(scan: RequestScan, found: FoundReferences, places: Places, index: number): void {
  const { deep } = scan
  const value = deep.value(index)
  switch (deep.name(index)) {
    case 'type':
      noteType(scan, itemAt(places.items, deep.object(index)), value)
      return
    case 'id':
      itemAt(places.items, deep.object(index)).ids.push(value)
      return
    case 'encrypted_content':
      if (deep.depth(index) === itemDepth) itemAt(places.items, deep.object(index)).encrypted.push(value)
      else found.one('encrypted', value, 'input')
      return
    case 'file_id':
      places.files.push({ object: deep.object(index), value })
      return
    case 'file_ids':
      found.anyOf('file', value, 'input')
      return
    case 'vector_store_ids':
      found.anyOf('vector_store', value, 'input')
      return
    case 'container':
      found.one('container', value, 'input')
  }
}

/** Hosted tools name things themselves, or in an object right inside them; deeper lie the schemas of functions. */
function inTools(found: FoundReferences, name: string, depth: number, value: number): void {
  if (depth === itemDepth) {
    if (name === 'vector_store_ids') found.anyOf('vector_store', value, 'tools')
    else if (name === 'container') found.one('container', value, 'tools')
  } else if (depth === itemDepth + 1) {
    if (name === 'file_ids') found.anyOf('file', value, 'tools')
    else if (name === 'file_id') found.one('file', value, 'tools')
    else if (name === 'container_id') found.one('container', value, 'tools')
  }
}

/** The item that starts there; the members of one item follow each other, with what lies deeper in between. */
function itemAt(items: Item[], start: number): Item {
  const last = items.at(-1)
  if (last?.start === start) return last
  const item: Item = { start, type: -1, ids: [], encrypted: [] }
  items.push(item)
  return item
}

function noteType({ bytes }: RequestScan, item: Item, value: number): void {
  if (item.type >= 0) throw duplicateKey(bytes, 'type', value)
  item.type = value
}

/** Decides what of an item the upstream would read from its store. */
function closeItem({ bytes }: RequestScan, found: FoundReferences, item: Item): void {
  const { start, ids, encrypted } = item
  if (ids.length === 0 && encrypted.length === 0) return
  const type = item.type < 0 ? undefined : found.stringAt(item.type)
  const sealed = encrypted.filter(value => bytes[value] === quote)
  for (const value of sealed) found.one('encrypted', value, 'input', type === 'reasoning' ? start : undefined)
  if (sealed.length > 0 || !isHydrated(found, start, type)) return
  for (const value of ids) found.one('item', value, 'input')
}

const quote = 0x22

function isHydrated(found: FoundReferences, start: number, type: string | undefined): boolean {
  switch (type) {
    case 'item_reference':
    case 'reasoning':
      return true
    case 'image_generation_call':
      return !found.carries(start, 'result')
    case undefined:
      // `{"id": ...}` alone is a reference too; a message may leave its type out.
      return !found.carries(start, 'role')
    default:
      return false
  }
}

const citations: ReadonlySet<string> = new Set(['file_citation', 'container_file_citation', 'file_path'])

/** Whether a file is named by an annotation or a search result: cited, not to be read again. */
function isCitation(found: FoundReferences, { object, value }: InputFile, searches: SearchResults): boolean {
  const types = found.typesOf(object)
  if (types === undefined) return false
  return types.length > 0 ? types.every(type => citations.has(type)) : searches.hold(value)
}

/** The items that hold results of a file search. Asked in the order of the text, so that asking costs no search. */
class SearchResults {
  readonly #found: FoundReferences
  readonly #items: readonly Item[]
  #index = 0

  constructor(found: FoundReferences, items: readonly Item[]) {
    this.#found = found
    this.#items = items
  }

  hold(value: number): boolean {
    while ((this.#items[this.#index + 1]?.start ?? value) < value) this.#index++
    const item = this.#items[this.#index]
    if (item === undefined || item.type < 0 || item.start > value) return false
    return this.#found.stringAt(item.type) === 'file_search_call' && value < this.#found.endOf(item.start)
  }
}
