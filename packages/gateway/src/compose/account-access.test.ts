import { upstreamModel } from '@headgate/scheduler'
import { expect, it } from 'vitest'
import type { AccountConfig } from '../config/config.ts'
import { draftOf } from '../config/load.ts'
import { validateDraft } from '../config/validate.ts'
import { accountAccess, scheduledAccount } from './account-access.ts'

async function resolved(fields: object): Promise<AccountConfig> {
  const account = {
    id: 'a',
    kind: 'azure',
    baseUrl: 'https://r.example.com/openai/v1',
    apiKey: 'k',
    ...fields,
  }
  const { accounts } = await validateDraft(
    draftOf({ accounts: [account], clients: [{ name: 'c', keys: ['0123456789abcdef'] }] }),
    { baseDir: '.' },
  )
  return accounts[0]!
}

it('tells the scheduler what an account calls a model, so that limits are counted for that name', async () => {
  const config = await resolved({ models: { 'gpt-5.1': 'deployment', 'o4-*': 'deployment' } })
  const { models } = scheduledAccount(config, 0)
  expect([upstreamModel(models, 'gpt-5.1'), upstreamModel(models, 'o4-mini')]).toEqual([
    'deployment',
    'deployment',
  ])
  expect(accountAccess(config).models).toEqual(models)
})

it('keeps a list of names a list', async () => {
  expect(scheduledAccount(await resolved({ models: ['gpt-5.1', 'o4-*'] }), 0).models).toEqual([
    'gpt-5.1',
    'o4-*',
  ])
})

it('passes on whose limits an account shares', async () => {
  expect(scheduledAccount(await resolved({ limitDomain: 'project' }), 0).limitDomain).toBe('project')
  expect(scheduledAccount(await resolved({}), 0).limitDomain).toBe('a')
})

it('sends a key in the one header that its kind takes', async () => {
  const names = async (fields: object) =>
    accountAccess(await resolved(fields)).target.headers.map(([name]) => name)
  expect(await names({})).toEqual(['api-key'])
  expect(await names({ kind: 'openai' })).toEqual(['authorization'])
  expect(await names({ kind: 'openai-compatible' })).toEqual(['authorization'])
})

it('tells the scheduler which accounts the file drains', async () => {
  expect(scheduledAccount(await resolved({}), 0).status).toBe('active')
  expect(scheduledAccount(await resolved({ draining: true }), 0).status).toBe('draining')
})
