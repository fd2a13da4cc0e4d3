import { Command, CommanderError } from 'commander'
import { ConfigError, formatProblem } from '../config/errors.ts'
import { ListenError } from '../runtime/listen-error.ts'
import { refuseRepeatedFlags, refuseSecrets } from './check-arguments.ts'
import { configCommand } from './config.ts'
import { doctorCommand } from './doctor.ts'
import { explainCommand } from './explain.ts'
import { mockUpstreamCommand } from './mock-upstream.ts'
import { complain, survivePipeClosure } from './output.ts'
import { replayCommand } from './replay.ts'
import { serveCommand } from './serve.ts'
import { simulateCommand } from './simulate.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

/** Runs the command line of this process (without `node` and the script) and sets its exit code. Never rejects. */
export async function main(argv: readonly string[]): Promise<void> {
  survivePipeClosure()
  const code = await run(argv)
  if (code !== 0) process.exitCode = code
}

/**
 * Runs one command line. Failures become a line on stderr and the code that is given: 2 for a wrong command line
 * or configuration, 1 for anything else. Never rejects.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const program = createProgram(argv)
  try {
    refuseSecrets(argv)
    await program.parseAsync([...argv], { from: 'user' })
    return 0
  } catch (error) {
    return explain(error)
  }
}

function createProgram(argv: readonly string[]): Command {
  const program = new Command('headgate')
    .description('The account scheduler and gateway for OpenAI-compatible APIs.')
    .version(version, '-V, --version', 'print the version')
    .hook('preAction', (_, command) => refuseRepeatedFlags(command, argv))
  const commands = [
    serveCommand(),
    mockUpstreamCommand(),
    configCommand(),
    doctorCommand(),
    simulateCommand(),
    replayCommand(),
    explainCommand(),
  ]
  for (const command of commands) program.addCommand(command)
  reportUsageErrors(program)
  return program
}

/** Settings of commander are not inherited by commands that were made on their own. */
function reportUsageErrors(command: Command): void {
  const path = command.parent ? `${command.parent.name()} ${command.name()}` : command.name()
  command
    .exitOverride()
    .showSuggestionAfterError(true)
    .showHelpAfterError(`Usage: ${path} ${command.usage()} (${path} --help tells more)`)
    .helpCommand(false)
    .configureOutput({ outputError: text => complain(text.trimEnd().replace(/^error: /, '')) })
  for (const inner of command.commands) reportUsageErrors(inner)
}

/** Prints why a command failed, and gives the exit code. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof ConfigError) {
    for (const problem of error.problems) complain(formatProblem(problem))
    return 2
  }
  if (error instanceof UsageError) {
    complain(error.message)
    return 2
  }
  if (error instanceof ListenError || isStoreError(error)) {
    complain(error.message)
    return 1
  }
  complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return 1
}

/** What the stores throw says what to do. Known by its code, so that no command depends on a store. */
function isStoreError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^store_/.test(String(error.code))
}
