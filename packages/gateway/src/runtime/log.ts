/**
 * What the gateway's parts ask of a logger: one line per call, facts in fields, never in the text.
 *
 * A field that is not on the logger's allow-list is dropped, so a caller cannot leak what it did not mean to say.
 */
export interface Log {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

/** Facts of one line. */
export type LogFields = Readonly<Record<string, unknown>>

/** Says nothing: for tests and for embedders who want silence. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
}
