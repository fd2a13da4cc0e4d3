/** One thing that is wrong: where, what, and what to do about it. */
export interface Problem {
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly fix: string
}

/** Reports what is wrong with a value; says nothing when nothing is. */
export type Rule = (value: unknown, path: Problem['path'], problems: Problem[]) => void

interface Field {
  readonly rule: Rule
  readonly isRequired: boolean
}

/** A field that must be there, and one that may be left out. */
export const required = (rule: Rule): Field => ({ rule, isRequired: true })
export const optional = (rule: Rule): Field => ({ rule, isRequired: false })

/** Some text. */
export const text: Rule = (value, path, problems) => {
  if (typeof value === 'string' && value !== '') return
  problems.push({ path, message: `is ${told(value)}; it must be a text`, fix: 'write some text' })
}

/** A number in a range. */
export function number(range: {
  readonly least: number
  readonly most: number
  readonly whole?: boolean
}): Rule {
  const { least, most, whole = false } = range
  const what = `${whole ? 'a whole number' : 'a number'} from ${least} to ${most}`
  return (value, path, problems) => {
    const fits =
      typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value))
    if (!fits) problems.push({ path, message: `is ${told(value)}; it must be ${what}`, fix: `write ${what}` })
  }
}

/** One of a few words. */
export function anyOf(words: readonly string[]): Rule {
  return (value, path, problems) => {
    if (typeof value === 'string' && words.includes(value)) return
    const fix = `write one of ${words.join(', ')}`
    problems.push({ path, message: `is ${told(value)}, which it cannot be`, fix })
  }
}

/** A list of one entry at least, each of which keeps to a rule. */
export function list(rule: Rule): Rule {
  return (value, path, problems) => {
    if (!Array.isArray(value)) {
      const isOne = typeof value === 'number' || typeof value === 'string'
      const fix = isOne
        ? `put it in brackets: [${told(value)}]`
        : 'begin every entry with - on a line of its own'
      problems.push({ path, message: `is ${told(value)}; it must be a list`, fix })
    } else if (value.length === 0) {
      const fix = 'write at least one entry, or leave it out'
      problems.push({ path, message: 'is an empty list', fix })
    } else for (const [place, entry] of value.entries()) rule(entry, [...path, place], problems)
  }
}

/** Named fields and no others. */
export function object(fields: Readonly<Record<string, Field>>): Rule {
  return (value, path, problems) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      const fix = `write ${Object.keys(fields).join(', ')} below it`
      problems.push({ path, message: `is ${told(value)}; it must have fields`, fix })
      return
    }
    const given = value as Readonly<Record<string, unknown>>
    for (const name of Object.keys(given)) {
      if (Object.hasOwn(fields, name)) continue
      const fix = `remove it, or write one of ${Object.keys(fields).join(', ')}`
      problems.push({ path: [...path, name], message: 'is no field of a scenario', fix })
    }
    for (const [name, { rule, isRequired }] of Object.entries(fields)) {
      if (given[name] !== undefined) rule(given[name], [...path, name], problems)
      else if (isRequired) problems.push({ path, message: `has no ${name}`, fix: `add ${name}` })
    }
  }
}

/** A value as a scenario file would have it, not too long. */
export function told(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'number' && !Number.isFinite(value)) return INFINITE[`${value}`]!
  const shown = JSON.stringify(value) ?? String(value)
  return shown.length > 40 ? `${shown.slice(0, 40)}...` : shown
}

/** As YAML writes them; JSON would make null of them. */
const INFINITE: Readonly<Record<string, string>> = { NaN: '.nan', Infinity: '.inf', '-Infinity': '-.inf' }
