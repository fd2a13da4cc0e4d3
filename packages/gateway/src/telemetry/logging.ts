import { type Level, pino, stdTimeFunctions } from 'pino'
import type { Log, LogFields } from '../runtime/log.ts'
import { LineWriter } from './line-writer.ts'
import { redactFields, redactText } from './redact.ts'

/** What is written: this level and those above it. */
export type LogLevel = 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'

/** Options of {@link createLog}. */
export interface LogOptions {
  readonly level?: LogLevel
  /** Where lines go; default stdout. */
  readonly write?: (line: string) => void
}

/** A {@link Log} that writes; ends with the process. */
export interface WrittenLog extends Log {
  /** Resolves when every line is written, or after a second: a stuck reader must not hold up the end. */
  flush(): Promise<void>
}

const flushTimeoutMs = 1000

/** One for the process, as stdout is: a gateway that is started again and again in it leaves no listeners behind. */
let stdoutLines: LineWriter | undefined

/**
 * One line of JSON per call, on stdout: `level`, `time` (ISO 8601, UTC), the fields, `msg`.
 *
 * Fields pass by an allow-list and every text is searched for credentials, so that no caller has to know what is
 * secret. A line is always one line, whatever the texts hold. Writing never waits and never throws: when stdout
 * is closed (EPIPE) or stuck, lines are lost and the gateway goes on. Lines are gathered before they are written
 * (see {@link LineWriter}): one system call a line cost more than everything else about it.
 */
export function createLog(options: LogOptions = {}): WrittenLog {
  const { level = 'info' } = options
  if (options.write === undefined) stdoutLines ??= new LineWriter(process.stdout)
  const stdout = options.write === undefined ? stdoutLines : undefined
  const write = options.write ?? ((line: string) => stdout?.write(line))
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    { write },
  )
  const at =
    (name: Level) =>
    (fields: LogFields, message: string): void => {
      if (logger.isLevelEnabled(name)) logger[name](redactFields(fields), redactText(message))
    }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    flush: () => stdout?.flush(flushTimeoutMs) ?? Promise.resolve(),
  }
}
