import { expect, it } from 'vitest'
import { startGateway } from '../fixtures/gateway.ts'

const listeners = (): Record<string, number> => ({
  exit: process.listenerCount('exit'),
  warning: process.listenerCount('warning'),
  rejection: process.listenerCount('unhandledRejection'),
  stdoutError: process.stdout.listenerCount('error'),
  stdoutDrain: process.stdout.listenerCount('drain'),
})

it('leaves no listener on the process behind, however often it is started and stopped', async () => {
  await (await startGateway()).close()
  const before = listeners()
  for (let count = 0; count < 5; count++) {
    const gateway = await startGateway()
    expect((await gateway.fetch('/v1/models')).status).toBe(200)
    await gateway.close()
  }
  expect(listeners()).toEqual(before)
})
