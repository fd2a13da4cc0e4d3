import { randomBytes } from 'node:crypto'

/** Makes ids that look like OpenAI's and are unique across every mock in the world. Cheap: a counter behind a nonce. */
export type IdSource = (prefix: string) => string

/**
 * A new source. The nonce is real randomness even when the mock is seeded: two mocks with one seed must not make the
 * same response id, or a mixed-up conversation would look like a healthy one.
 */
export function createIdSource(): IdSource {
  const nonce = randomBytes(12).toString('hex')
  let count = 0
  return prefix => {
    count += 1
    return `${prefix}${nonce}${count.toString(16).padStart(12, '0')}`
  }
}
