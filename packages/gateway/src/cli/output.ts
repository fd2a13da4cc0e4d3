import { styleText } from 'node:util'

/**
 * A reader that goes away (`headgate config print | head -1`) ends the output, not the program: a server whose
 * terminal is closed goes on serving. Call once, before anything is written.
 */
export function survivePipeClosure(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
    })
  }
}

/** A line of a command's result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** A line about a result, on stderr so that pipes get results only. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** A line that says why a command failed; red on a terminal that has colours (NO_COLOR and pipes get plain text). */
export function complain(line: string): void {
  process.stderr.write(`${styleText('red', 'error:', { stream: process.stderr })} ${line}\n`)
}

/** Likewise for what is doubtful. */
export function warn(line: string): void {
  process.stderr.write(`${styleText('yellow', 'warning:', { stream: process.stderr })} ${line}\n`)
}
