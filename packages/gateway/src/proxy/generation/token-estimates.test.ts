import { expect, it } from 'vitest'
import { createTokenEstimates } from './token-estimates.ts'

const body = (text: string): Uint8Array => new TextEncoder().encode(text)
const usage = (outputTokens: number) => ({ inputTokens: 0, cachedTokens: 0, outputTokens })

it('takes four bytes for a token, and the bound a request sets on its output', () => {
  const estimates = createTokenEstimates()
  expect(estimates.of({ model: 'm', body: body('x'.repeat(400)), maxOutputTokens: 50 }).total).toBe(150)
  expect(estimates.of({ model: 'm', body: body('x'.repeat(401)), maxOutputTokens: 0 }).total).toBe(101)
})

it('learns what a model puts out when nothing bounds it', () => {
  const estimates = createTokenEstimates()
  const of = (model: string) => estimates.of({ model, body: body(''), maxOutputTokens: undefined }).total
  expect(of('m')).toBe(256)
  estimates.learn('m', usage(1000))
  expect([of('m'), of('other')]).toEqual([1000, 256])
  estimates.learn('m', usage(2000))
  expect(of('m')).toBe(1100)
})

it('does not take megabytes of base64 for millions of tokens', () => {
  const estimates = createTokenEstimates()
  const image = `{"image_url":"data:image/png;base64,${'A'.repeat(1 << 20)}"}`
  const ask = body(`{"input":[${image},${image}],"text":"${'x'.repeat(4000)}"}`)
  const tokens = estimates.of({ model: 'm', body: ask, maxOutputTokens: 0 }).total
  expect([tokens > 3000, tokens < 3100]).toEqual([true, true])
})

it('remembers a bounded number of models, whatever names clients make up', () => {
  const estimates = createTokenEstimates()
  for (let i = 0; i <= 1000; i++) estimates.learn(`m${i}`, usage(10))
  const of = (model: string) => estimates.of({ model, body: body(''), maxOutputTokens: undefined }).total
  expect([of('m0'), of('m1'), of('m1000')]).toEqual([256, 10, 10])
})
