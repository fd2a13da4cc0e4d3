import * as z from 'zod'
import { durationPattern, durationUnits, formatDuration, maxDurationMs, parseDuration } from '../duration.ts'
import { formatSize, parseSize, sizePattern, sizeUnits } from '../size.ts'

/**
 * The kinds of values the file is made of. A message has the form `problem. Fix: remedy`, because zod carries a
 * single text; the two halves are taken apart again in zod-problems.ts.
 */
export const says = (problem: string, fix: string): string => `${problem}. Fix: ${fix}`

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number) {
  const error = says(`must be a whole number from ${min} to ${max}`, 'choose a number in that range')
  return z.int({ error }).min(min, { error }).max(max, { error })
}

/** Any finite number from `min` to `max`. */
export function fraction(min: number, max: number) {
  const error = says(`must be a number from ${min} to ${max}`, 'choose a number in that range')
  return z.number({ error }).min(min, { error }).max(max, { error })
}

export const yesOrNo = () => z.boolean({ error: says('must be true or false', 'write true or false') })

/** One of a few words. */
export function oneOf<const T extends readonly string[]>(words: T) {
  return z.enum(words, { error: says(`must be one of ${words.join(', ')}`, 'choose one of these') })
}

/** Text that matches a pattern described in words. Patterns are anchored and have no nested repetition. */
export function text(pattern: RegExp, problem: string, fix: string) {
  return z.string({ error: says(problem, fix) }).regex(pattern, { error: says(problem, fix) })
}

/** A list, with a limit so that a runaway template is an error and not an outage. */
export function listOf<T extends z.ZodType>(item: T, max: number, options: { missing?: string } = {}) {
  const error = says(
    `must be a list of at most ${max} entries`,
    'write it as [a, b] or as lines that start with "- "',
  )
  const typeError = (issue: { input?: unknown }): string =>
    issue.input === undefined ? (options.missing ?? error) : error
  return z.array(item, { error: typeError }).max(max, { error })
}

/** A section with known keys only. */
export function section<T extends z.ZodRawShape>(shape: T) {
  const error = says('must be a section of keys and values', 'write it as key: value lines')
  return z.strictObject(shape, {
    error: issue => (issue.code === 'invalid_type' ? error : undefined),
  })
}

/** A name that is safe in headers, metric labels, file names and log lines. */
export const name = () =>
  text(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be 1 to 64 letters, digits, dots, - or _ and start with a letter or digit',
    'choose a name of these characters',
  )

/** The name of a model, or the start of names followed by `*`. */
export const modelPattern = () =>
  text(
    /^(?:[^\s*\p{C}]{1,255}\*?|\*)$/u,
    'must be a model name of 1 to 255 characters without spaces; a * may only stand at its end',
    'write a name such as gpt-5.1, or gpt-* for every name that starts with it',
  )

/** `30s`, read as milliseconds. */
export function duration(options: { minMs?: number; maxMs?: number } = {}) {
  const { minMs = 1, maxMs = maxDurationMs } = options
  const range = `a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`
  const error = says(`must be ${range}`, `write a whole number and a unit: ${durationUnits}`)
  return z
    .string({ error })
    .regex(durationPattern, { error })
    .transform((written, context) => {
      const durationMs = parseDuration(written)
      if (durationMs !== undefined && durationMs >= minMs && durationMs <= maxMs) return durationMs
      context.addIssue({ code: 'custom', message: error })
      return z.NEVER
    })
}

/** A duration, or a word in its place. */
export function wordOrDuration<const W extends string>(
  word: W,
  options: { minMs?: number; maxMs?: number } = {},
) {
  const { minMs = 1, maxMs = maxDurationMs } = options
  const range = `${word}, or a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`
  const error = says(`must be ${range}`, `write ${word}, or a whole number and a unit: ${durationUnits}`)
  return z.union([z.literal(word, { error }), duration(options)], { error })
}

/** `32MiB`, read as bytes. */
export function size(minBytes: number, maxBytes: number) {
  const range = `a size from ${formatSize(minBytes)} to ${formatSize(maxBytes)}`
  const error = says(`must be ${range}`, `write a whole number and a unit: ${sizeUnits}`)
  return z
    .string({ error })
    .regex(sizePattern, { error })
    .transform((written, context) => {
      const bytes = parseSize(written)
      if (bytes !== undefined && bytes >= minBytes && bytes <= maxBytes) return bytes
      context.addIssue({ code: 'custom', message: error })
      return z.NEVER
    })
}

/** A path of the file system; relative ones start at the folder of the configuration file. */
export const filePath = () =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  text(/^[^\u0000-\u001f]{1,4096}$/, 'must be a path of 1 to 4096 characters', 'write the path of a file')

/** What a credential looks like in an HTTP header: no spaces, no line breaks, ASCII only. */
export function credential(minLength: number) {
  const problem = `must be ${minLength} to 4096 printable ASCII characters without spaces or line breaks`
  const fix = 'check that the value was copied whole and has no line break at its end'
  return text(new RegExp(`^[\\x21-\\x7e]{${minLength},4096}$`), problem, fix)
}
