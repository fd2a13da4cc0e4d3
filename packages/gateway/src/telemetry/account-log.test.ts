import { expect, it } from 'vitest'
import { silentLog } from '../runtime/log.ts'
import type { AccountChange } from './account-change.ts'
import { createAccountLog } from './account-log.ts'

it('says every change, and warns of those that may need a person', () => {
  const lines: [string, object][] = []
  const log = createAccountLog({
    ...silentLog,
    info: fields => lines.push(['info', fields]),
    warn: fields => lines.push(['warn', fields]),
  })
  const change = (to: AccountChange['to'], reason: string): AccountChange => ({
    ...{ wallMs: 1, pool: 'p', account: 'a', from: 'active', to, reason },
  })
  log(change('cooling_down', 'quota_exhausted'))
  log(change('ejected', 'consecutive_faults'))
  log(change('disabled', 'expired'))
  log(change('cooling_down', 'rate_limited'))
  log(change('disabled', 'operator'))
  log(change('active', 'time'))
  expect(lines.map(([level]) => level)).toEqual(['warn', 'warn', 'warn', 'info', 'info', 'info'])
  expect(lines[0]![1]).toEqual({
    ...{ pool: 'p', account: 'a', from: 'active', to: 'cooling_down', reason: 'quota_exhausted' },
  })
})
