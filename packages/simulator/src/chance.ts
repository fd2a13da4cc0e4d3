import type { Random } from '@headgate/scheduler'
import { createSeededRandom } from '@headgate/scheduler/memory'

/** Draws from the distributions a world is made of. */
export interface Chance {
  /** In [0, 1). */
  uniform(): number
  /** A whole number from 0 to n - 1. */
  below(n: number): number
  normal(): number
  exponential(mean: number): number
  /** Gamma with this shape and mean 1. */
  gamma(shape: number): number
  /** exp(sigma z): median 1. */
  lognormal(sigma: number): number
}

const TWO_32 = 0x100000000

/** One stream of chance of a seed; streams of other names are independent of it. */
export function createChance(seed: number, stream: string): Chance {
  let mixed = seed | 0
  for (let i = 0; i < stream.length; i++) mixed = mix(mixed ^ Math.imul(stream.charCodeAt(i) + i, 0x9e3779b1))
  return chanceOf(createSeededRandom((mixed >>> 0) * 0x1000 + (seed & 0xfff)))
}

function chanceOf(random: Random): Chance {
  const bits = new Uint32Array(2)
  function uniform(): number {
    random.next64(bits)
    return (bits[0]! * 0x200000 + (bits[1]! >>> 11)) / 0x20000000000000
  }
  const normal = (): number => boxMuller(uniform(), uniform())
  return {
    uniform,
    below: n => Math.floor(uniform() * n),
    normal,
    exponential: mean => -Math.log(1 - uniform()) * mean,
    lognormal: sigma => Math.exp(sigma * normal()),
    gamma: shape => gammaDraw(shape, uniform, normal) / shape,
  }
}

/** Marsaglia and Tsang (2000); below shape 1 by their boost. */
function gammaDraw(shape: number, uniform: () => number, normal: () => number): number {
  if (shape < 1) return gammaDraw(shape + 1, uniform, normal) * (1 - uniform()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal()
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}

function boxMuller(a: number, b: number): number {
  return Math.sqrt(-2 * Math.log(1 - a)) * Math.cos(2 * Math.PI * b)
}

/** The finalizer of MurmurHash3: every bit of the input moves every bit of the output. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) | 0
}

/**
 * A draw in [0, 1) that belongs to a request: the same for the same seed and numbers, whatever was drawn before.
 * So every policy meets the same luck with the same request, and differences between policies are the policies'.
 */
export function drawFor(seed: number, request: number, attempt: number, which: number): number {
  const a = mix(mix(seed ^ 0x2545f491) + Math.imul(request, 0x9e3779b1))
  return (mix(a ^ Math.imul(attempt * 16 + which + 1, 0x632be5ab)) >>> 0) / TWO_32
}

/** A standard normal that belongs to a request; see {@link drawFor}. */
export function normalFor(seed: number, request: number, attempt: number, which: number): number {
  return boxMuller(drawFor(seed, request, attempt, which), drawFor(seed, request, attempt, which + 1))
}
