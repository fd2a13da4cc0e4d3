import type { IncomingMessage } from 'node:http'

/**
 * Reads a body and calls `onBody` once with its bytes, or with null as soon as it is larger than `limitBytes` (the rest
 * is then read and dropped). Never calls when the client leaves first.
 */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  onBody: (body: Buffer | null) => void,
): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    const before = size
    size += chunk.length
    if (size <= limitBytes) chunks.push(chunk)
    else if (before <= limitBytes) onBody(null)
  })
  request.on('end', () => {
    if (size <= limitBytes) onBody(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
  })
}
