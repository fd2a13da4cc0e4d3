import { fileURLToPath } from 'node:url'
import { startServer } from './children.ts'

/** An upstream that pushes fifty megabytes a stream, whatever the request, in its own process. */
export interface Firehose {
  readonly url: string
  /** Streams open now, and bytes handed to their sockets so far. */
  count(): Promise<{ readonly open: number; readonly sentBytes: number }>
  stop(): Promise<void>
}

const main = fileURLToPath(new URL('./firehose-main.ts', import.meta.url))

/** Starts it on a free port. */
export async function startFirehose(): Promise<Firehose> {
  const { child, url } = await startServer(main, [])
  return {
    url,
    count: async () => (await (await fetch(`${url}/count`)).json()) as { open: number; sentBytes: number },
    async stop() {
      child.process.kill('SIGKILL')
      await child.ended
    },
  }
}
