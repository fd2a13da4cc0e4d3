/** What one field of a plain object may hold. Numbers are finite and inside [min, max]. */
export type FieldRule = { readonly required?: boolean } & (
  | { readonly type: 'number'; readonly min: number; readonly max: number }
  | { readonly type: 'integer'; readonly min: number; readonly max: number }
  | { readonly type: 'string'; readonly oneOf?: readonly string[] }
  | { readonly type: 'boolean' }
  | { readonly type: 'strings' }
  | { readonly type: 'object' }
  | { readonly type: 'any' }
)

/** The fields an object may have. */
export type FieldRules = { readonly [field: string]: FieldRule }

/** Options, a fault or a scenario that cannot be used; the message names the field, what is allowed and what was given. */
export class MockConfigError extends Error {
  override readonly name = 'MockConfigError'
}

/**
 * Checks that `value` is a plain object with only the fields of `rules`, each as its rule says (`null` and
 * `undefined` count as absent). Throws {@link MockConfigError}; `where` opens the message ("fault", "accounts[...]").
 */
export function checkFields(value: unknown, rules: FieldRules, where: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MockConfigError(`${where} must be an object; got ${show(value)}.`)
  }
  for (const field of Object.keys(value)) {
    if (!Object.hasOwn(rules, field)) {
      throw new MockConfigError(
        `${where} has no field "${field}". Its fields are: ${Object.keys(rules).join(', ')}.`,
      )
    }
  }
  for (const [field, rule] of Object.entries(rules)) {
    const given = (value as Record<string, unknown>)[field]
    if (given === undefined || given === null) {
      if (rule.required) throw new MockConfigError(`${where}.${field} is missing: ${describe(rule)}.`)
    } else if (!matches(given, rule)) {
      throw new MockConfigError(`${where}.${field} must be ${describe(rule)}; got ${show(given)}.`)
    }
  }
}

function matches(given: unknown, rule: FieldRule): boolean {
  switch (rule.type) {
    case 'number':
      return typeof given === 'number' && given >= rule.min && given <= rule.max
    case 'integer':
      return Number.isInteger(given) && (given as number) >= rule.min && (given as number) <= rule.max
    case 'string':
      return typeof given === 'string' && (rule.oneOf === undefined || rule.oneOf.includes(given))
    case 'boolean':
      return typeof given === 'boolean'
    case 'strings':
      return Array.isArray(given) && given.every(item => typeof item === 'string')
    case 'object':
      return typeof given === 'object' && !Array.isArray(given)
    case 'any':
      return true
  }
}

function describe(rule: FieldRule): string {
  switch (rule.type) {
    case 'number':
      return `a number from ${rule.min} to ${rule.max}`
    case 'integer':
      return `a whole number from ${rule.min} to ${rule.max}`
    case 'string':
      return rule.oneOf === undefined
        ? 'a string'
        : `one of ${rule.oneOf.map(name => `"${name}"`).join(', ')}`
    case 'boolean':
      return 'true or false'
    case 'strings':
      return 'a list of strings'
    case 'object':
      return 'an object'
    case 'any':
      return 'any value'
  }
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 80)}...` : text
}
