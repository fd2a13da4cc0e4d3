import { mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts'
import { type Timers, watchConfig } from '../../src/config/watch.ts'
import { secrets, temporaryFolder, yaml } from './fixture.ts'

/** Timers that fire when told to; `due` is how many are waiting. */
function manualTimers() {
  const waiting = new Set<() => void>()
  const timers: Timers = {
    setTimeout: run => {
      waiting.add(run)
      return run
    },
    clearTimeout: timer => void waiting.delete(timer as () => void),
  }
  const fire = (): void => {
    const all = [...waiting]
    waiting.clear()
    for (const run of all) run()
  }
  return { timers, fire, due: () => waiting.size }
}

const port = (value: number | string): string => yaml({ rest: `server: { port: ${value} }` })

async function watched(path: string) {
  const clock = manualTimers()
  const ports: number[] = []
  const rejected: unknown[] = []
  let loads = 0
  const watch = await watchConfig({
    path,
    load: () => {
      loads += 1
      return loadConfig({ path, env: secrets })
    },
    onChanged: (loaded: LoadedConfig) => ports.push(loaded.config.server.port),
    onRejected: error => rejected.push(error),
    timers: clock.timers,
  })
  onTestFinished(() => watch.close())
  const eventSeen = () => vi.waitFor(() => expect(clock.due()).toBeGreaterThan(0))
  return { watch, clock, ports, rejected, eventSeen, loads: () => loads }
}

function start(): string {
  const path = join(temporaryFolder(), 'config.yaml')
  writeFileSync(path, port(1001))
  return path
}

it('notices a file that is written in place, once for a burst of events', async () => {
  const path = start()
  const { clock, ports, eventSeen } = await watched(path)
  writeFileSync(path, port(1002))
  writeFileSync(path, port(1003))
  await eventSeen()
  clock.fire()
  await vi.waitFor(() => expect(ports).toEqual([1003]))
})

it('notices a file that an editor replaces, again and again', async () => {
  const path = start()
  const { clock, ports, eventSeen } = await watched(path)
  for (const next of [1002, 1003]) {
    writeFileSync(`${path}.new`, port(next))
    renameSync(`${path}.new`, path)
    await eventSeen()
    clock.fire()
    await vi.waitFor(() => expect(ports.at(-1)).toBe(next))
  }
})

it('notices the swap of a symbolic link beside it, as Kubernetes updates a ConfigMap', async () => {
  const folder = temporaryFolder()
  const publish = (version: string, contents: string): void => {
    mkdirSync(join(folder, version))
    writeFileSync(join(folder, version, 'config.yaml'), contents)
    symlinkSync(version, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  publish('..v1', port(1001))
  const path = join(folder, 'config.yaml')
  symlinkSync(join('..data', 'config.yaml'), path)
  const { clock, ports, eventSeen } = await watched(path)
  publish('..v2', port(1002))
  await eventSeen()
  clock.fire()
  await vi.waitFor(() => expect(ports).toEqual([1002]))
})

it('does nothing when the contents are the same', async () => {
  const path = start()
  const { clock, eventSeen, watch, loads } = await watched(path)
  utimesSync(path, 1, 1)
  writeFileSync(path, port(1001))
  await eventSeen()
  clock.fire()
  await watch.reload()
  expect(loads()).toBe(1)
})

it('looks at a half-written file once more before it gives up', async () => {
  const path = start()
  const { clock, ports, rejected, eventSeen } = await watched(path)
  writeFileSync(path, 'accounts: [')
  await eventSeen()
  clock.fire()
  await eventSeen()
  writeFileSync(path, port(1002))
  clock.fire()
  await vi.waitFor(() => expect(ports).toEqual([1002]))
  expect(rejected).toEqual([])
})

it('rejects a file that stays broken, and takes the next good one', async () => {
  const path = start()
  const { clock, ports, rejected, eventSeen } = await watched(path)
  writeFileSync(path, port('abc'))
  await eventSeen()
  clock.fire()
  await eventSeen()
  clock.fire()
  await vi.waitFor(() => expect(String(rejected[0])).toContain('server.port: must be a whole number'))
  writeFileSync(path, port(1003))
  await eventSeen()
  clock.fire()
  await vi.waitFor(() => expect(ports).toEqual([1003]))
})

it('reloads when told to, without a change', async () => {
  const { watch, ports } = await watched(start())
  await watch.reload()
  expect(ports).toEqual([1001])
})
