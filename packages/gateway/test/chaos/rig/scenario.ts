import type { Firehose } from './firehose.ts'
import type { GatewayProcess, GatewaySettings } from './gateway.ts'
import type { Judge, JudgeAccounts } from './judge.ts'
import type { SeededRandom } from './random.ts'

/** One claim about the running product, and how it is tried. */
export interface Scenario {
  /** A sentence that is true when the scenario passes. */
  readonly claim: string
  /** Tries it; answers the figures worth printing, or throws what was found instead. */
  run(world: World): Promise<string>
}

/** What a scenario is given. Whatever it starts through the world is ended with it. */
export interface World {
  /** The suite is to be over in under three minutes: fewer rounds, the same claims. */
  readonly short: boolean
  readonly random: SeededRandom
  /** A folder of its own, gone afterwards. */
  readonly folder: string
  startJudge(accounts: JudgeAccounts): Promise<Judge>
  /** An upstream that pushes as much as is taken: see firehose.ts. */
  startFirehose(): Promise<Firehose>
  startGateway(settings: GatewaySettings): Promise<GatewayProcess>
}

/** What a scenario throws when its claim does not hold. */
export class ClaimBroken extends Error {}

/** Throws {@link ClaimBroken} unless the condition holds. */
export function holds(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new ClaimBroken(otherwise)
}
