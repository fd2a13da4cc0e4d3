import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

const running = new Set<ChildProcess>()

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A child process whose output is read, so that no full pipe ever holds it up. */
export interface Child {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  /** The last of what it wrote, both streams, for a failure's report. */
  readonly tail: () => string
}

const tailChars = 20_000

/** Starts a source file of this workspace under the condition that resolves packages to sources. */
export function startSource(
  file: string,
  args: readonly string[],
  options: { readonly ipc: boolean },
): Child {
  const child = spawn(process.execPath, ['--conditions=headgate-source', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', ...(options.ipc ? (['ipc'] as const) : [])],
  })
  running.add(child)
  let tail = ''
  const keep = (chunk: Buffer): void => {
    tail = (tail + chunk.toString()).slice(-tailChars)
  }
  child.stdout!.on('data', keep)
  child.stderr!.on('data', keep)
  const ended = new Promise<Ended>(resolve => {
    child.once('exit', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    })
  })
  return { process: child, ended, tail: () => tail }
}

/** Starts a source file that sends `{url}` to its parent once it listens, and ends with the channel to it. */
export async function startServer(
  file: string,
  args: readonly string[],
): Promise<{ child: Child; url: string }> {
  const child = startSource(file, args, { ipc: true })
  const [{ url }] = (await Promise.race([
    once(child.process, 'message'),
    child.ended.then(() => Promise.reject(new Error(`${file} did not start: ${child.tail()}`))),
  ])) as [{ url: string }]
  return { child, url }
}
