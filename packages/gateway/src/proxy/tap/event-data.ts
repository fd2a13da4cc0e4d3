import { createParser } from 'eventsource-parser'
import { isJson } from '../request/json-scanner.ts'

// One for all streams, because a check is never interrupted; as long as the longest event so far.
let scratch = Buffer.alloc(4096)

/**
 * Whether a client's parser can read an event's data, given as one character a byte: JSON, or the `[DONE]` that
 * ends a stream, behind which SDKs look at nothing. About 0.5 us for 250 bytes; allocates nothing.
 */
export function isEventData(data: string): boolean {
  if (data.startsWith('[DONE]')) return true
  const { length } = data
  if (length >= scratch.length) scratch = Buffer.alloc(2 * length)
  scratch.write(data, 0, 'latin1')
  scratch[length] = 0
  return isJson(scratch, length)
}

/**
 * Where the first event begins whose data cannot be read; `bytes` begin with an event and hold such a one. Reads
 * everything again: for the end of a stream, not for its way.
 */
export function badEventStart(bytes: Uint8Array): number {
  let start = 0
  for (const end of eventEnds(bytes)) {
    if (!isReadable(bytes.subarray(start, end))) return start
    start = end
  }
  return start
}

function isReadable(event: Uint8Array): boolean {
  let readable = true
  const parser = createParser({
    onEvent: ({ data }) => {
      readable &&= isEventData(data)
    },
  })
  parser.feed(Buffer.from(event.buffer, event.byteOffset, event.byteLength).toString('latin1'))
  return readable
}

/** The indices behind every blank line. Lines end with LF, CRLF or CR. */
function* eventEnds(bytes: Uint8Array): Generator<number> {
  let blank = true
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte !== 0x0a && byte !== 0x0d) {
      blank = false
      continue
    }
    if (byte === 0x0d && bytes[at + 1] === 0x0a) at++
    if (blank) yield at + 1
    blank = true
  }
}
