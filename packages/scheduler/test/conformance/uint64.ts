/** Unsigned decimal text as the two 32-bit halves the core calculates with. */
export function uint64Halves(text: string): [low: number, high: number] {
  const value = BigInt.asUintN(64, BigInt(text))
  return [Number(value & 0xffffffffn), Number(value >> 32n)]
}
