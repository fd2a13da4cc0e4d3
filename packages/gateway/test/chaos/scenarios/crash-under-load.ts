import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { call, generation, responseIdIn } from '../rig/client.ts'
import { accountsAt, type GatewayProcess } from '../rig/gateway.ts'
import { holds, type Scenario } from '../rig/scenario.ts'
import { sleep } from '../rig/waiting.ts'

const names = ['a', 'b', 'c']

/** Bindings are written all the time while the process is killed: the file must stay whole and forget nothing told. */
export const killsUnderLoad: Scenario = {
  claim:
    'kill -9 under load leaves the bindings whole: integrity_check is ok, no id a client was told is lost',
  async run(world) {
    const judge = await world.startJudge(Object.fromEntries(names.map(name => [`sk-${name}`, { name }])))
    const config = { accounts: accountsAt(judge.url, names), telemetry: { logLevel: 'warn' } }
    const kills = world.short ? 5 : 20
    let told = 0
    let checked = 0
    let ids: string[] = []
    for (let kill = 0; kill <= kills; kill++) {
      const gateway = await world.startGateway({ config })
      // The newest of the last life are those whose write may still have been on its way.
      for (const id of ids.slice(-30)) {
        const found = await call({ url: gateway.url, method: 'GET', path: `/v1/responses/${id}` })
        holds(
          found.status === 200,
          `after kill ${kill} an id that was told answers ${found.body.slice(0, 200)}`,
        )
        checked++
      }
      if (kill === kills) break
      ids = await loadUntilKilled(gateway, world.random.whole(100, 500))
      told += ids.length
      const verdict = integrityOf(join(world.folder, 'data'))
      holds(verdict === 'ok', `after kill ${kill + 1} integrity_check says ${verdict}`)
    }
    holds(told > kills * 10, `only ${told} responses over ${kills} kills: that was no load`)
    return `${kills} kills, ${told} ids told, ${checked} of the newest found again`
  },
}

async function loadUntilKilled(gateway: GatewayProcess, afterMs: number): Promise<string[]> {
  const ids: string[] = []
  let dead = false
  const work = async (kind: 'json' | 'sse'): Promise<void> => {
    while (!dead) {
      const answer = await call({ url: gateway.url, ...generation(kind) })
      const id = responseIdIn(answer.body)
      if (id !== undefined) ids.push(id)
    }
  }
  const workers = Array.from({ length: 8 }, (_, index) => work(index % 2 === 0 ? 'json' : 'sse'))
  await sleep(afterMs)
  gateway.signal('SIGKILL')
  await gateway.ended
  dead = true
  await Promise.all(workers)
  return ids
}

/** Opens the file as the next start would, its write-ahead log included. */
function integrityOf(folder: string): string {
  const file = join(folder, 'bindings.db')
  holds(existsSync(file), `there is no ${file}`)
  const database = new DatabaseSync(file)
  try {
    const rows = database.prepare('PRAGMA integrity_check').all()
    return rows.map(row => String(row['integrity_check'])).join('; ')
  } finally {
    database.close()
  }
}
