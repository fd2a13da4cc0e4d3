import { expect, it } from 'vitest'
import type { Config } from '../config/config.ts'
import { inForce, restartOnly } from './restart-only.ts'

const config = (drainMs: number, accounts: string[] = []): Config =>
  ({ server: { port: 1 }, store: {}, limits: { drainMs }, telemetry: {}, accounts }) as unknown as Config

it('says again at every reload what the process does not run with, and keeps running without it', () => {
  const started = config(100)
  let running = started
  for (const next of [config(5, ['a']), config(5, ['b'])]) {
    expect(restartOnly(started, next)).toEqual(['limits.drainMs'])
    running = inForce(started, next)
    expect(running).toMatchObject({ limits: { drainMs: 100 }, accounts: next.accounts })
  }
  expect(restartOnly(started, config(100))).toEqual([])
})
