import { Command } from 'commander'
import type { ExplainFlags } from './run-explain.ts'
import { wholeNumber } from './whole-number.ts'

/** `headgate explain`: why recorded requests went where they went. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('say why requests of a decision log went where they went')
    .requiredOption('--log <file>', 'the decision log')
    .option('--id <id>', 'a request (x-request-id), or the number of a decision')
    .option('--last <count>', 'the last requests of the log (default: 1)', wholeNumber(1, 10_000))
    .action(async (flags: ExplainFlags) => {
      const { runExplain } = await import('./run-explain.ts')
      await runExplain(flags)
    })
}
