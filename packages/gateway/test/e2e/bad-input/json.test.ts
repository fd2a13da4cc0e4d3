/**
 * What is wrong with a JSON body or its fields. Wrong ids in every place that takes one: `../wrong-ids.test.ts` and
 * `../owners.test.ts`.
 */
import { expect, it } from 'vitest'
import { jsonRows } from './json-rows.ts'
import { badInput } from './suite.ts'

badInput('a bad JSON body', jsonRows, gateway => {
  it('no member of a body has become a property of every object', () => {
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('a model of another pool and one that never was are told in the same words', async () => {
    const told = async (model: string): Promise<string> => {
      const answer = await gateway().fetch('/v1/responses', { json: { model, input: 'x' } })
      const { error } = (await answer.json()) as { error: { message: string } }
      return error.message.replace(model, '<model>')
    }
    expect(await told('gpt-5.1-hidden')).toBe(await told('gpt-5.1-hidder'))
    const names = await gateway().sdk().models.list()
    expect(names.data.map(({ id }) => id)).not.toContain('gpt-5.1-hidden')
  })
})
