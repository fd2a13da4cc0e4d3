import type { IncomingMessage } from 'node:http'
import { MultipartReader } from './multipart-reader.ts'

/** A form with at most one file, read as it arrived. */
export interface Upload {
  /** Plain fields by name; at most 64 KiB of each. */
  readonly fields: ReadonlyMap<string, string>
  readonly file: UploadedFile | null
}

/** A file of a form: counted to its end, kept up to a bound. */
export interface UploadedFile {
  readonly filename: string
  readonly bytes: number
  /** The first bytes. */
  readonly kept: Buffer
}

/** Bounds of an upload. */
export interface UploadLimits {
  /** Bytes of the whole body. */
  readonly maxBytes: number
  /** Bytes of the file that are kept. */
  readonly keptBytes: number
}

/** How reading an upload ended. */
export type UploadOutcome =
  | { readonly kind: 'read'; readonly upload: Upload; readonly bodyBytes: number }
  | { readonly kind: 'tooLarge' }
  | { readonly kind: 'notAForm' }

const MAX_FIELD_BYTES = 65_536

/**
 * Reads a `multipart/form-data` body in bounded memory and calls `onDone` once; never when the client leaves first.
 * After `tooLarge`, which is told at once, the rest is read and dropped.
 */
export function readUpload(
  request: IncomingMessage,
  limits: UploadLimits,
  onDone: (outcome: UploadOutcome) => void,
): void {
  const boundary = boundaryOf(request.headers['content-type'])
  const collector = createCollector(limits.keptBytes)
  const reader = boundary === null ? null : new MultipartReader(boundary, collector)
  let bodyBytes = 0
  request.on('data', (chunk: Buffer) => {
    const before = bodyBytes
    bodyBytes += chunk.length
    if (bodyBytes <= limits.maxBytes) reader?.write(chunk)
    else if (before <= limits.maxBytes) onDone({ kind: 'tooLarge' })
  })
  request.on('end', () => {
    if (bodyBytes > limits.maxBytes) return
    if (reader?.complete !== true) onDone({ kind: 'notAForm' })
    else onDone({ kind: 'read', upload: collector.finish(), bodyBytes })
  })
}

function boundaryOf(contentType: string | undefined): string | null {
  const match = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))/i.exec(
    contentType ?? '',
  )
  return match?.[1] ?? match?.[2] ?? null
}

/** Gathers pieces up to a bound and counts them all. */
interface Gathered {
  readonly filename: string | null
  bytes: number
  keptBytes: number
  readonly pieces: Buffer[]
}

function createCollector(keptBytes: number) {
  const parts = new Map<string, Gathered>()
  return {
    onPart({ name, filename }: { readonly name: string; readonly filename: string | null }) {
      const gathered: Gathered = { filename, bytes: 0, keptBytes: 0, pieces: [] }
      parts.set(name, gathered)
      const bound = filename === null ? MAX_FIELD_BYTES : keptBytes
      return (piece: Buffer) => {
        gathered.bytes += piece.length
        const room = bound - gathered.keptBytes
        if (room <= 0) return
        const kept = Buffer.from(piece.subarray(0, room))
        gathered.keptBytes += kept.length
        gathered.pieces.push(kept)
      }
    },
    finish(): Upload {
      const fields = new Map<string, string>()
      let file: UploadedFile | null = null
      for (const [name, { filename, bytes, pieces }] of parts) {
        const kept = Buffer.concat(pieces)
        if (filename === null) fields.set(name, kept.toString())
        else if (name === 'file') file = { filename, bytes, kept }
      }
      return { fields, file }
    },
  }
}
