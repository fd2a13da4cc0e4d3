/** One request of a session as a trace has it. */
export interface Turn {
  /** Milliseconds since the turn before began; 0 for the first. */
  readonly gapMs: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** Hashes of the prompt's prefix, one a block of 512 tokens, each standing for everything up to it. */
  readonly blocks: readonly number[]
}

/** What sessions are drawn from: a conversation or an agent's run, without a beginning in time. */
export interface SessionTemplate {
  readonly turns: readonly Turn[]
}

/** A session that will take place. */
export interface SessionStart {
  /** Rises with the start, from 0. */
  readonly serial: number
  readonly atMs: number
  readonly template: SessionTemplate
  /** Clients that send a session key; the others may get a fingerprint. */
  readonly keyed: boolean
  readonly tenant: string
  /** Its turns continue what an account stores, which alone can serve them from the second on. Default false. */
  readonly stored?: boolean
}

/**
 * The blocks of one session's prompt: a template may take place many times, and only its first block (a system
 * prompt) is the same for all.
 */
export function ownBlocks(start: SessionStart, turn: Pick<Turn, 'blocks'>): number[] {
  const shift = (start.serial + 1) * BLOCKS_PER_TEMPLATE
  return turn.blocks.map((block, place) => (place === 0 ? block : block + shift))
}

/** Above every block id of a trace. */
const BLOCKS_PER_TEMPLATE = 0x100000
