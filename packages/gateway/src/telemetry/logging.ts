import { destination, type Level, pino, stdTimeFunctions } from 'pino'
import type { Log, LogFields } from '../runtime/log.ts'
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
  /** Writes out what is still in memory, at once. Call it before the process ends. */
  flush(): void
}

/** Beyond this much that stdout has not taken, lines are dropped: a stuck reader must not fill the memory. */
const maxUnwrittenBytes = 4 * 1024 * 1024

/**
 * One line of JSON per call, on stdout: `level`, `time` (ISO 8601, UTC), the fields, `msg`.
 *
 * Fields pass by an allow-list and every text is searched for credentials, so that no caller has to know what is
 * secret. A line is always one line, whatever the texts hold. Writing never waits and never throws: when stdout
 * is closed (EPIPE) or stuck, lines are lost and the gateway goes on.
 */
export function createLog(options: LogOptions = {}): WrittenLog {
  const { level = 'info', write } = options
  const stdout = write === undefined ? openStdout() : undefined
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    stdout ?? { write: (line: string) => write?.(line) },
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
    flush() {
      try {
        stdout?.flushSync()
      } catch {
        // Nobody reads stdout any more, or it was never ready: there is no place left to say so.
      }
    },
  }
}

function openStdout() {
  const stdout = destination({ dest: 1, sync: false, maxLength: maxUnwrittenBytes })
  stdout.on('error', () => {})
  return stdout
}
