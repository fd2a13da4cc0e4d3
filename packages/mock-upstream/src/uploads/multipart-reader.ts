/** The head of one part of a form. */
export interface PartHead {
  readonly name: string
  /** Null for a plain field. */
  readonly filename: string | null
}

/** Receives a form as it arrives. */
export interface PartHandler {
  /** A part begins; what it returns is called with each piece of its content. The piece is only valid during the call. */
  onPart(head: PartHead): (piece: Buffer) => void
}

type State = 'preamble' | 'head' | 'content' | 'afterBoundary' | 'end' | 'broken'

const MAX_HEAD_BYTES = 16_384
const HEAD_END = Buffer.from('\r\n\r\n')

/**
 * Reads `multipart/form-data` (RFC 7578) piece by piece and holds at most one piece, one part head or one boundary,
 * however large the parts are.
 */
export class MultipartReader {
  readonly #delimiter: Buffer
  readonly #handler: PartHandler
  // The first boundary has no line break before it; this gives it one.
  #held: Buffer = Buffer.from('\r\n')
  #state: State = 'preamble'
  #onPiece: (piece: Buffer) => void = () => {}

  constructor(boundary: string, handler: PartHandler) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`)
    this.#handler = handler
  }

  /** The closing boundary has been read and every part had a head. */
  get complete(): boolean {
    return this.#state === 'end'
  }

  write(chunk: Buffer): void {
    let rest: Buffer | null = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = Buffer.alloc(0)
    while (rest !== null && this.#state !== 'end' && this.#state !== 'broken') rest = this.#step(rest)
  }

  /** What is left to look at, or null when more must arrive first. */
  #step(bytes: Buffer): Buffer | null {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes)
      case 'afterBoundary':
        return this.#readBoundaryEnd(bytes)
      default:
        return this.#readContent(bytes)
    }
  }

  #readContent(bytes: Buffer): Buffer | null {
    const at = bytes.indexOf(this.#delimiter)
    // Without a boundary all may pass but the end, which can be the beginning of one.
    const end = at === -1 ? Math.max(0, bytes.length - this.#delimiter.length + 1) : at
    if (this.#state === 'content' && end > 0) this.#onPiece(bytes.subarray(0, end))
    if (at === -1) return this.#hold(bytes.subarray(end))
    this.#state = 'afterBoundary'
    return bytes.subarray(at + this.#delimiter.length)
  }

  #readBoundaryEnd(bytes: Buffer): Buffer | null {
    if (bytes.length < 2) return this.#hold(bytes)
    const mark = bytes.toString('latin1', 0, 2)
    this.#state = mark === '--' ? 'end' : mark === '\r\n' ? 'head' : 'broken'
    return bytes.subarray(2)
  }

  #readHead(bytes: Buffer): Buffer | null {
    const at = bytes.indexOf(HEAD_END)
    if (at === -1 && bytes.length <= MAX_HEAD_BYTES) return this.#hold(bytes)
    const head = at === -1 ? null : parseHead(bytes.toString('utf8', 0, at))
    if (head === null) {
      this.#state = 'broken'
      return null
    }
    this.#onPiece = this.#handler.onPart(head)
    this.#state = 'content'
    return bytes.subarray(at + HEAD_END.length)
  }

  #hold(bytes: Buffer): null {
    // A copy, so that a few bytes do not keep their whole chunk in memory.
    this.#held = Buffer.from(bytes)
    return null
  }
}

function parseHead(text: string): PartHead | null {
  const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(text)?.[1]
  if (disposition === undefined) return null
  const name = /(?:^|;)\s*name="([^"]*)"/i.exec(disposition)?.[1]
  const filename = /(?:^|;)\s*filename="([^"]*)"/i.exec(disposition)?.[1]
  if (name === undefined) return null
  return { name: unescapeName(name), filename: filename === undefined ? null : unescapeName(filename) }
}

/** Undoes what browsers and undici escape in a quoted name. */
function unescapeName(name: string): string {
  return name.replaceAll('%22', '"').replaceAll('%0D', '\r').replaceAll('%0A', '\n')
}
