/** Ids that a client puts into items of its own, and gets back in a list: they must open nothing of anybody else's. */
import type OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { gatewayForTest } from '../fixtures/gateway.ts'

const model = 'gpt-5.1'

/** One account that two tenants share, and what one of them made there. */
async function sharedAccount() {
  const clients = [{ name: 'victim' }, { name: 'thief' }]
  const gateway = await gatewayForTest({ accounts: [{ id: 'a1' }], clients })
  const { output } = await gateway.sdk('victim').responses.create({ model, input: 'mine' })
  return { thief: gateway.sdk('thief'), item: output[0]!.id! }
}

const refers = (sdk: OpenAI, id: string) =>
  sdk.responses.create({
    model,
    input: [
      { type: 'item_reference', id },
      { role: 'user', content: 'Repeat it.' },
    ],
  })

describe('an item with the id of another tenant’s', () => {
  it('in the input of a response brings no reference to that, whatever is listed', async () => {
    const { thief, item } = await sharedAccount()
    const { id } = await thief.responses.create({
      model,
      input: [{ type: 'function_call_output', id: item, call_id: 'c', output: 'made up' }],
    })
    expect((await thief.responses.inputItems.list(id)).data).toMatchObject([{ id: item }])
    await expect(refers(thief, item)).rejects.toMatchObject({ status: 404, code: 'item_not_found' })
  })

  it('in a conversation is the thief’s own there, and brings no reference to the other', async () => {
    const { thief, item } = await sharedAccount()
    const made = { type: 'function_call_output' as const, id: item, call_id: 'c', output: 'made up' }
    const { id } = await thief.conversations.create({ items: [made] })
    expect((await thief.conversations.items.list(id)).data).toMatchObject([{ id: item }])
    expect(await thief.conversations.items.retrieve(item, { conversation_id: id })).toMatchObject({
      output: 'made up',
    })
    await expect(refers(thief, item)).rejects.toMatchObject({ status: 404, code: 'item_not_found' })
  })
})
