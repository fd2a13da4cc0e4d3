import { Command } from 'commander'
import type { SimulateFlags } from './run-simulation.ts'
import { wholeNumber } from './whole-number.ts'

/** `headgate simulate`: what policies would do in a scenario, on simulated time. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('see how policies fare in a scenario, on simulated time')
    .requiredOption('--scenario <file>', 'a scenario file, or the name of one that comes along')
    .option('--policies <names>', 'profiles and published policies, by commas', 'classic,balanced,adaptive')
    .option('--seed <number>', 'the first seed; the same seed gives the same run', wholeNumber(0, 1e9), 1)
    .option('--seeds <number>', 'how many seeds to run, from the first on', wholeNumber(1, 100), 1)
    .option('--report <file>', 'write a page with tables and plots')
    .option('--json <file>', 'write the figures')
    .action(async (flags: SimulateFlags) => {
      // Loaded when needed: no other command should pay for it.
      const { runSimulation } = await import('./run-simulation.ts')
      await runSimulation(flags)
    })
}
