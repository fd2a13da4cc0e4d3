import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { ConfigError, formatProblem, problemToJson } from '../config/errors.ts'
import { configJsonSchema } from '../config/json-schema.ts'
import { type LoadedConfig, loadConfig } from '../config/load.ts'
import { printConfig } from '../config/print.ts'
import { print, warn } from './output.ts'
import { UsageError } from './usage-error.ts'
import { portText } from './whole-number.ts'

interface FileFlags {
  readonly config?: string
  readonly host?: string
  readonly port?: string
}

const withFileFlag = (command: Command): Command =>
  command.option('-c, --config <file>', 'the configuration file (default: ./config.yaml)')

/** `headgate config check | print | schema`: questions about the configuration that start nothing. */
export function configCommand(): Command {
  const check = withFileFlag(new Command('check'))
    .description('list everything that is wrong with the file; exit code 2 if anything is')
    .option('--json', 'print one JSON object instead of lines')
    .action(checkConfig)
  const printed = withFileFlag(new Command('print'))
    .description('print the effective configuration, secrets masked')
    .option('--origin', 'say where each value comes from')
    .option('--host <address>', 'as for serve')
    .option('--port <number>', 'as for serve', portText)
    .action(async (flags: FileFlags & { origin?: true }) => {
      const loaded = await load(flags)
      print(printConfig(loaded, flags.origin ? { withOrigin: true } : {}).trimEnd())
    })
  const schema = new Command('schema')
    .description('print the JSON Schema of the file, for editors')
    .action(() => print(JSON.stringify(configJsonSchema(), null, 2)))
  const command = new Command('config').description('check, print or describe the configuration')
  for (const inner of [check, printed, schema]) command.addCommand(inner)
  return command
}

async function load(flags: FileFlags): Promise<LoadedConfig> {
  const path = flags.config ?? 'config.yaml'
  if (flags.config === undefined && !existsSync(path)) {
    throw new UsageError('there is no config.yaml in this folder. Fix: name a file with --config.')
  }
  return await loadConfig({ path, env: process.env, flags: { host: flags.host, port: flags.port } })
}

async function checkConfig(flags: FileFlags & { json?: true }): Promise<void> {
  try {
    const { config, warnings } = await load(flags)
    if (flags.json)
      return print(JSON.stringify({ valid: true, problems: [], warnings: warnings.map(problemToJson) }))
    for (const warning of warnings) warn(formatProblem(warning))
    const { accounts, clients, pools } = config
    const counts = `accounts: ${accounts.length}, clients: ${clients.length}, pools: ${pools.length}`
    print(`${flags.config ?? 'config.yaml'}: valid (${counts})`)
  } catch (error) {
    if (!(error instanceof ConfigError) || !flags.json) throw error
    print(JSON.stringify({ valid: false, problems: error.problems.map(problemToJson), warnings: [] }))
    process.exitCode = 2
  }
}
