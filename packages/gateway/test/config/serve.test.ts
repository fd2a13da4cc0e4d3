import { EventEmitter } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { chooseSource } from '../../src/cli/config-source.ts'
import { serve } from '../../src/cli/serve.ts'
import type { HeadgateHandle, StartOptions } from '../../src/handle.ts'
import { temporaryFolder } from './fixture.ts'

let written = ''
beforeEach(() => {
  written = ''
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation(text => {
      written += text
      return true
    })
  }
  return () => vi.restoreAllMocks()
})

/** A gateway that only notes what it is told. */
function fakeGateway() {
  const told: string[] = []
  let started: StartOptions | undefined
  const drained = Promise.withResolvers<void>()
  const handle: HeadgateHandle = {
    url: 'http://127.0.0.1:8080',
    reload: async ({ config }) => void told.push(`reload ${config.limits.drainMs}`),
    close: async ({ mode }) => {
      told.push(`close ${mode}`)
      if (mode === 'drain') await drained.promise
    },
  }
  const start = async (options: StartOptions) => {
    started = options
    return handle
  }
  return { told, start, drained, started: () => started! }
}

/** Stands for the process: signals that are sent by name, and the exit code. */
class FakeProcess extends EventEmitter {
  readonly exits: number[] = []
  exit(code: number): void {
    this.exits.push(code)
  }
}

function configFile(): string {
  const path = join(temporaryFolder(), 'config.yaml')
  const text = `clients: [{ name: a, keys: [0123456789abcdef] }]\naccounts: [{ id: a, apiKey: k }]\n`
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

describe('headgate serve', () => {
  it('drains on the first signal and exits with 0', async () => {
    const gateway = fakeGateway()
    const signals = new FakeProcess()
    await serve({ config: configFile() }, { start: gateway.start, signals })
    signals.emit('SIGTERM')
    expect(gateway.told).toEqual(['close drain'])
    expect(signals.exits).toEqual([])
    gateway.drained.resolve()
    await vi.waitFor(() => expect(signals.exits).toEqual([0]))
  })

  it('forces on the second signal and exits with its number', async () => {
    const gateway = fakeGateway()
    const signals = new FakeProcess()
    await serve({ config: configFile() }, { start: gateway.start, signals })
    signals.emit('SIGINT')
    signals.emit('SIGINT')
    await vi.waitFor(() => expect(signals.exits).toEqual([130]))
    expect(gateway.told).toEqual(['close drain', 'close force'])
  })

  it('reads the file again on SIGHUP, and keeps the old configuration when it is broken', async () => {
    const gateway = fakeGateway()
    const signals = new FakeProcess()
    const path = configFile()
    await serve({ config: path }, { start: gateway.start, signals })
    signals.emit('SIGHUP')
    await vi.waitFor(() => expect(gateway.told).toEqual(['reload 30000']))
    writeFileSync(path, 'accounts: []\n')
    signals.emit('SIGHUP')
    await vi.waitFor(() => expect(written).toContain('the previous one stays in use'))
    expect(gateway.told).toEqual(['reload 30000'])
    signals.emit('SIGTERM')
  })

  it('runs a demo on three accounts of a mock, and prints the key and a line to paste', async () => {
    const gateway = fakeGateway()
    const signals = new FakeProcess()
    await serve({ demo: true, port: '0' }, { start: gateway.start, signals })
    const { config } = gateway.started().loaded
    expect(config.accounts.map(({ id }) => id)).toEqual(['demo-1', 'demo-2', 'demo-3'])
    const [account] = config.accounts
    const models = await fetch(`${account!.baseUrl}/models`, {
      headers: { authorization: `Bearer ${account!.apiKey!.reveal()}` },
    })
    expect(models.status).toBe(200)
    const key = config.clients[0]!.keys[0]!.reveal()
    expect(written).toContain(`export OPENAI_API_KEY=${key}`)
    expect(written).toContain(`curl -N http://127.0.0.1:8080/v1/responses -H 'Authorization: Bearer ${key}'`)
    signals.emit('SIGTERM')
    gateway.drained.resolve()
    await vi.waitFor(() => expect(signals.exits).toEqual([0]))
    await expect(fetch(`${account!.baseUrl}/models`)).rejects.toThrow()
  })

  it('explains a port that is in use', async () => {
    const start = () =>
      Promise.reject(Object.assign(new Error(), { code: 'EADDRINUSE', syscall: 'listen', port: 8080 }))
    const attempt = serve({ config: configFile() }, { start, signals: new FakeProcess() })
    await expect(attempt).rejects.toThrow(
      'the port 127.0.0.1:8080 (from default) is in use. Fix: stop the process',
    )
  })
})

describe('without flags the configuration is', () => {
  const choose = (found: boolean, env: Record<string, string>) =>
    chooseSource({}, { env, exists: () => found })

  it('./config.yaml, else the key in the environment, else the demo', () => {
    expect(choose(true, { OPENAI_API_KEY: 'k' })).toEqual({ kind: 'file', path: 'config.yaml' })
    expect(choose(false, { OPENAI_API_KEY: 'k' })).toEqual({ kind: 'environment' })
    expect(choose(false, { OPENAI_API_KEY: '' })).toEqual({ kind: 'demo' })
  })
})
