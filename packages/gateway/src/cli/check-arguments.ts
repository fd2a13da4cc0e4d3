import type { Command, Option } from 'commander'
import { UsageError } from './usage-error.ts'

const secretText = /(?:^|[=,:\s"'])(?:sk|hg)-[A-Za-z0-9_-]{4,}["']?$|^Bearer\s/i
const secretFlag = /^--?(?:[a-z]+-)*(?:api-?key|token|password|secret|admin-token)(?:=|$)/i

/**
 * Refuses credentials on the command line, where every user of the machine can read them (`ps`) and the shell
 * keeps them in its history. The message never repeats the argument.
 * @throws UsageError
 */
export function refuseSecrets(argv: readonly string[]): void {
  const index = argv.findIndex(argument => secretText.test(argument) || secretFlag.test(argument))
  if (index < 0) return
  throw new UsageError(
    `argument ${index + 1} carries a secret, which every user of this machine could read in the list of processes. ` +
      `Fix: put it into an environment variable and name that in the configuration file (apiKey: "\${OPENAI_API_KEY}"), ` +
      'or into a file named by apiKeyFile or keysFile.',
  )
}

/**
 * Refuses a flag that is given twice (commander would silently take the last one) and a flag in the place of
 * another flag's value. Call it when the command is known, before its action.
 * @throws UsageError
 */
export function refuseRepeatedFlags(command: Command, argv: readonly string[]): void {
  const seen = new Set<Option>()
  for (let index = 0; index < argv.length && argv[index] !== '--'; index++) {
    const [flag = '', inlineValue] = argv[index]!.split('=', 2)
    const option = command.options.find(({ long, short }) => flag === long || flag === short)
    if (!option) continue
    if (seen.has(option) && !option.variadic && !Array.isArray(option.defaultValue)) {
      throw new UsageError(`${flag} is given twice. Fix: keep one of the two.`)
    }
    seen.add(option)
    if (!option.required || inlineValue !== undefined) continue
    const value = argv[++index]
    if (value?.startsWith('--')) {
      throw new UsageError(`${flag} has no value: ${value} is a flag of its own. Fix: write ${option.flags}.`)
    }
  }
}
