import { expect, it } from 'vitest'
import { silentLog } from '../runtime/log.ts'
import { createAdminMount } from './admin-mount.ts'
import type { AdminWorld } from './admin-world.ts'

it('takes nothing without a token, and says once how to have it', () => {
  let token: string | undefined
  const said: string[] = []
  const log = { ...silentLog, warn: (_fields: object, message: string) => said.push(message) }
  const mount = createAdminMount({ token: () => token, log } as unknown as AdminWorld)
  expect([mount.takes(), mount.takes()]).toEqual([false, false])
  expect(said).toEqual([expect.stringContaining('admin.token')])
  token = 'a-token-of-some-length'
  expect(mount.takes()).toBe(true)
})
