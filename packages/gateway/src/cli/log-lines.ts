import { createReadStream } from 'node:fs'
import { UsageError } from './usage-error.ts'

/** Far more than the gateway writes of one request; a longer line is none of its own, and would be memory. */
export const mostLineBytes = 1024 * 1024

const newline = 0x0a

/**
 * The lines of a decision log, read as a stream in bounded memory, however long the file or a line of it is. Undefined
 * stands for a line of more than {@link mostLineBytes}; an empty one is passed on.
 * @throws UsageError when the file cannot be read
 */
export async function* logLines(file: string): AsyncGenerator<string | undefined> {
  const line = createLine()
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      let from = 0
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
        line.add(chunk.subarray(from, end))
        from = end + 1
        yield line.take()
      }
      line.add(chunk.subarray(from))
    }
    yield line.take()
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new UsageError(
      `--log: ${file} cannot be read (${reason}). Fix: name the file of telemetry.decisionLog.`,
    )
  }
}

/** A line in the making: its parts, until they are too many. */
function createLine() {
  let parts: Buffer[] = []
  let bytes = 0
  return {
    add(part: Buffer): void {
      bytes += part.length
      if (bytes > mostLineBytes) parts = []
      else parts.push(part)
    },
    take(): string | undefined {
      const text = bytes > mostLineBytes ? undefined : Buffer.concat(parts).toString('utf8')
      parts = []
      bytes = 0
      return text
    },
  }
}
