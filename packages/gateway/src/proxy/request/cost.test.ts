/** A request costs memory in proportion to its bytes, whatever they say. */
import { expect, it } from 'vitest'
import { isGatewayError } from '../errors/errors.ts'
import { fingerprint } from './fingerprint.ts'
import { checkCreate } from './request-check.ts'
import { scanRequest } from './scan.ts'

const MiB = 1024 * 1024
const times = 20

const repeated = (part: string, joint = ','): string => {
  const count = Math.floor((2 * MiB) / (part.length + joint.length))
  return Array(count).fill(part).join(joint)
}
const inside = (input: string): string => `{"model":"gpt-5.1","input":${input}}`

it.each([
  ['nested arrays', inside(`[${repeated(`${'['.repeat(100)}${']'.repeat(100)}`)}]`)],
  ['a long string', inside(`"${repeated('x', '')}"`)],
  ['a string of escapes', inside(`"${repeated('\\u00e9', '')}"`)],
  ['many names', `{"model":"gpt-5.1",${Array.from({ length: 150_000 }, (_, key) => `"k${key}":0`)}}`],
  ['whole numbers for names', inside(`{${Array.from({ length: 150_000 }, (_, key) => `"${key}":0`)}}`)],
  ['numbers', inside(`[${repeated('0')}]`)],
  ['references', inside(`[${repeated('{"type":"item_reference","id":"msg_0"}')}]`)],
  ['messages', inside(`[${repeated('{"role":"user","content":"x"}')}]`)],
])('%s', (_what, text) => {
  const bytes = Buffer.from(text)
  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const before = used()
  let most = 0
  try {
    const scan = scanRequest(bytes)
    checkCreate({ kind: 'create_response' }, scan)
    fingerprint('team', scan)
  } catch (error) {
    expect(isGatewayError(error)).toBe(true)
  } finally {
    most = used() - before
  }
  expect(most).toBeLessThanOrEqual(times * bytes.length)
})
