import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { formatProblem, problemToJson } from '../config/errors.ts'
import { loadConfig } from '../config/load.ts'
import { nodeClock } from '../runtime/clock.ts'
import { print, warn } from './output.ts'
import { UsageError } from './usage-error.ts'

/** `headgate doctor`: examines a configuration and its accounts where they would run. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'examine the configuration and every account, at no cost in tokens; exit code 1 if one is broken',
    )
    .option('-c, --config <file>', 'the configuration file (default: ./config.yaml)')
    .option('--json', 'print one JSON object instead of lines')
    .action(doctor)
}

async function doctor(flags: { readonly config?: string; readonly json?: true }): Promise<void> {
  const path = flags.config ?? 'config.yaml'
  if (flags.config === undefined && !existsSync(path)) {
    throw new UsageError('there is no config.yaml in this folder. Fix: name a file with --config.')
  }
  const { config, warnings, origins } = await loadConfig({ path, env: process.env })
  // Loaded when needed: a wrong flag or file is reported without it.
  const [{ examine }, { renderReport }] = await Promise.all([
    import('../doctor/doctor.ts'),
    import('../doctor/render.ts'),
  ])
  const report = await examine({
    config,
    clock: nodeClock,
    isStated: (account, name) => origins.get(['accounts', account, 'capabilities', name]).kind !== 'default',
  })
  if (flags.json) print(JSON.stringify({ ...report, warnings: warnings.map(problemToJson) }, null, 2))
  else {
    for (const warning of warnings) warn(formatProblem(warning))
    print(renderReport(report))
  }
  if (!report.ok) process.exitCode = 1
}
