import { Command } from 'commander'
import type { ReplayFlags } from './run-replay.ts'
import { wholeNumber } from './whole-number.ts'

/** `headgate replay`: recorded traffic once more, with something changed. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('run the traffic of a decision log again, with something changed')
    .requiredOption('--log <file>', 'the decision log')
    .option('--pool <name>', 'the pool whose traffic it is; needed when the log holds several')
    .option('--set <key=value>', 'a change: load=1.5, ACCOUNT.slots=16, ACCOUNT=off; repeatable', collect, [])
    .option('--policies <names>', 'profiles and published policies, by commas', 'classic,balanced,adaptive')
    .option('--seed <number>', 'the seed; the same seed gives the same run', wholeNumber(0, 1e9), 1)
    .option('--report <file>', 'write a page with tables and plots')
    .option('--json <file>', 'write the figures')
    .action(async (flags: ReplayFlags) => {
      const { runReplay } = await import('./run-replay.ts')
      await runReplay(flags)
    })
}

const collect = (change: string, earlier: readonly string[]): readonly string[] => [...earlier, change]
