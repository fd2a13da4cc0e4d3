/** Where prompts were sent, as a router that watches its own traffic may know it. */
export interface PrefixIndex {
  /** How many leading blocks of a prompt were sent to each account lately; reused, read it before asking again. */
  matched(blocks: readonly number[], nowMs: number): Int32Array
  /** A prompt goes to an account. */
  add(account: number, blocks: readonly number[], nowMs: number): void
}

/** The accounts that each block was sent to. */
type Generation = Map<number, number[]>

/**
 * Remembers blocks for between one and two spans of time: two generations, of which the older is dropped. The routers
 * it stands for keep radix trees or tables of block hashes; what they answer is the same.
 */
export function createPrefixIndex(accounts: number, spanMs: number): PrefixIndex {
  let young: Generation = new Map()
  let old: Generation = new Map()
  let turnAtMs = spanMs
  const counts = new Int32Array(accounts)

  /** Counts the accounts that know all blocks up to here, and answers whether there are any. */
  function extend(known: readonly number[] | undefined, depth: number): boolean {
    let any = false
    for (const account of known ?? []) {
      if (counts[account] === depth) counts[account] = depth + 1
      if (counts[account] === depth + 1) any = true
    }
    return any
  }

  return {
    matched(blocks, nowMs) {
      counts.fill(0)
      // Nobody was sent anything for a span: what is young has its turn over as well.
      if (nowMs >= turnAtMs + spanMs) return counts
      for (let depth = 0; depth < blocks.length; depth++) {
        const block = blocks[depth]!
        const inYoung = extend(young.get(block), depth)
        const inOld = extend(old.get(block), depth)
        if (!inYoung && !inOld) break
      }
      return counts
    },
    add(account, blocks, nowMs) {
      if (nowMs >= turnAtMs) {
        turnAtMs = nowMs + spanMs
        old = young
        young = new Map()
      }
      for (const block of blocks) {
        const known = young.get(block)
        if (known === undefined) young.set(block, [account])
        else if (!known.includes(account)) known.push(account)
      }
    },
  }
}
