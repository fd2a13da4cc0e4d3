/** A source of numbers in [0, 1). */
export type MockRandom = () => number

/**
 * A small seeded generator (mulberry32, Tommy Ettinger, public domain): the same seed gives the same draws, which
 * makes jitter and faults with a probability repeatable. Not for secrets.
 */
export function createRandom(seed: number): MockRandom {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** FNV-1a over UTF-16 units, continuing from `from`: cheap, stable, 32 bits; enough to recognise a prompt prefix. */
export function hashText(text: string, from = 0x811c9dc5): number {
  let hash = from
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}
