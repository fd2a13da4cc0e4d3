import { expect, it } from 'vitest'
import { inOrder } from './in-order.ts'

it('runs every step in turn, also behind one that fails, and says what failed', async () => {
  const ran: string[] = []
  const step = (name: string, error?: Error) => async () => {
    await undefined
    ran.push(name)
    if (error !== undefined) throw error
  }
  const one = new Error('one')
  await expect(inOrder([step('a'), step('b', one), step('c')])).rejects.toBe(one)
  expect(ran).toEqual(['a', 'b', 'c'])
  const both = inOrder([step('d', one), step('e', new Error('two')), step('f')])
  await expect(both).rejects.toMatchObject({ errors: [one, { message: 'two' }] })
  expect(ran).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
})
