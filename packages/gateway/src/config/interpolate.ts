/** A scalar after `${…}` was replaced: its text and the variables that were put in, or what is wrong with it. */
export type Interpolated =
  | { readonly kind: 'text'; readonly text: string; readonly variables: readonly string[] }
  | { readonly kind: 'problem'; readonly message: string; readonly fix: string }

/** The environment, as `process.env` gives it. */
export type Environment = Readonly<Record<string, string | undefined>>

const reference = /\$\$\{|\$\{([^}]*)\}?/g
const wellFormed = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?$/

/**
 * Replaces `${VAR}` and `${VAR:-default}` in one string scalar; `$${` stands for a literal `${` and any other
 * `$` for itself. A variable that is unset or empty takes the default, and without one is a problem that names
 * the variable and never a value. What is put in is not read again, so a variable cannot smuggle in a reference.
 */
export function interpolate(text: string, env: Environment): Interpolated {
  const variables: string[] = []
  let problem: Interpolated | undefined
  const replaced = text.replace(reference, (match, inside: string | undefined) => {
    if (match === '$${') return '${'
    const parts = match.endsWith('}') ? wellFormed.exec(inside ?? '') : null
    if (!parts) {
      problem ??= malformed
      return match
    }
    const name = parts[1]!
    const value = env[name] || parts[2]
    if (value === undefined) problem ??= missing(name, env)
    variables.push(name)
    return value ?? ''
  })
  return problem ?? { kind: 'text', text: replaced, variables }
}

const malformed: Interpolated = {
  kind: 'problem',
  message: 'has a reference to an environment variable that cannot be read',
  fix: `write \${NAME} or \${NAME:-default} with letters, digits and _ in the name, or $\${ for a literal \${`,
}

function missing(name: string, env: Environment): Interpolated {
  const state = env[name] === '' ? 'empty' : 'not set'
  return {
    kind: 'problem',
    message: `the environment variable ${name} is ${state}`,
    fix: `set ${name} before starting, or write \${${name}:-default}`,
  }
}
