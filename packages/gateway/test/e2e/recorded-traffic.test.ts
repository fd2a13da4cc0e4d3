/** What `headgate explain` and `headgate replay` make of the decision log of a gateway that served real requests. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { runInProcess } from '../fixtures/command-line.ts'
import { startGateway } from '../fixtures/gateway.ts'

const model = 'gpt-5.1'
const profiles = ['classic', 'load-aware', 'balanced', 'adaptive']

let log: string
/** The first request of each pool, and one that failed over. */
const ids = new Map<string, string>()

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-recorded-'))
  log = join(folder, 'decisions.jsonl')
  const profile = { ttftMs: 5, prefillTokensPerSecond: 1_000_000, outputTokens: 4 }
  const gateway = await startGateway({
    accounts: ['a1', 'a2', 'a3'].map(id => ({ id, profile })),
    clients: profiles.map(name => ({ name, pool: name })),
    pools: Object.fromEntries(
      profiles.map(name => [name, { accounts: ['*'], scheduler: { profile: name } }]),
    ),
    telemetry: { decisionLog: { path: log } },
  })
  const ask = async (client: string, content: string, stream: boolean): Promise<string> => {
    const json = { model, stream, input: [{ role: 'user', content }] }
    const answer = await gateway.fetch('/v1/responses', { client, json })
    expect(answer.status, await answer.text()).toBe(200)
    return answer.headers.get('x-request-id')!
  }
  for (const client of profiles) {
    for (let i = 0; i < 6; i++) {
      const id = await ask(client, `Conversation ${i % 3}`, i % 2 === 0)
      if (!ids.has(client)) ids.set(client, id)
    }
  }
  gateway.mock.fault({ fault: { kind: 'status', status: 500 }, times: 1 })
  ids.set('failed over', await ask('adaptive', 'Once more', false))
  await gateway.close()
  return () => rm(folder, { recursive: true, force: true })
})

const explain = (...args: string[]) => runInProcess(['explain', '--log', log, ...args])

describe('headgate explain', () => {
  it.each(profiles)('tells a request of profile %s by its id', async name => {
    const { code, stdout } = await explain('--id', ids.get(name)!)
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^${ids.get(name)}: 200\n`))
    expect(stdout).toContain(`asked pool ${name} (profile ${name}) for model ${model}`)
    expect(stdout).toMatch(/It ended as ok after [\d.]+ ms/)
    expect(stdout).toMatch(name === 'adaptive' ? /^account +cost ms +ttft/m : /^account +score/m)
    for (const account of ['a1', 'a2', 'a3']) expect(stdout).toMatch(new RegExp(`^${account} `, 'm'))
  })

  it('tells the last request, unless told otherwise, with every account it was sent to', async () => {
    const { stdout } = await explain()
    expect(stdout).toMatch(new RegExp(`^${ids.get('failed over')}: 200\n`))
    expect(stdout.match(/^Decision \d+ of pool adaptive, 20\d\d-.*Z$/gm)).toHaveLength(2)
    expect(stdout).toMatch(/It ended as server error .*\n/)
    expect(stdout).toContain('1 tried by this request before')
    expect((await explain('--last', '3')).stdout.match(/^req_/gm)).toHaveLength(3)
  })

  it('finds a decision by its number, of every pool that has one', async () => {
    const { stdout } = await explain('--id', '1')
    expect(stdout.match(/^Decision 1 of pool /gm)).toHaveLength(4)
  })

  it('says what it looked for when it is not there', async () => {
    expect(await explain('--id', 'req_unknown')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/--id: none of the 25 requests in .* is "req_unknown"\. Fix: /),
    })
  })

  it('says when a file is none, and goes on over lines that are cut off', async () => {
    const other = `${log}.other`
    await writeFile(other, '{"level":30,"msg":"request"}\nnot JSON\n')
    const refused = await runInProcess(['explain', '--log', other])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(/holds no request with a decision\. Fix: name a file that/)
    await writeFile(other, `${(await readFile(log, 'utf8')).trim()}\n{"v":1,"kind":"requ`)
    const read = await runInProcess(['explain', '--log', other])
    expect(read).toMatchObject({ code: 0, stderr: expect.stringContaining('1 line cannot be read') })
  })

  it('lets nothing through that would steer a terminal', async () => {
    const other = `${log}.hostile`
    const hostile = (await readFile(log, 'utf8')).trim().split('\n').at(-1)!
    await writeFile(other, hostile.replaceAll(`"${model}"`, '"\\u001b]0;owned\\u0007"'))
    const { stdout } = await runInProcess(['explain', '--log', other])
    expect(stdout).toContain(']0;owned')
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u)
  })
})

describe('headgate replay', () => {
  it('runs the recorded traffic under other profiles, on the accounts that the log shows', async () => {
    const { code, stdout, stderr } = await runInProcess(['replay', '--log', log, '--pool', 'adaptive'])
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/^7 requests in \d+ sessions .*a1: 8 slots.*a2: 8 slots.*a3: 8 slots/)
    for (const name of ['classic', 'balanced', 'adaptive'])
      expect(stdout).toMatch(new RegExp(`^ +${name} `, 'm'))
  })

  it('puts turns together that continue each other by previous_response_id, whether they are streamed or not', async () => {
    const path = `${log}.stored`
    const gateway = await startGateway({
      accounts: [{ id: 'a1' }, { id: 'a2' }],
      telemetry: { decisionLog: { path } },
    })
    const turn = async (stream: boolean, previous: string | undefined): Promise<string> => {
      const json = {
        model,
        stream,
        input: `Go on, ${stream}.`,
        ...(previous && { previous_response_id: previous }),
      }
      const text = await (await gateway.fetch('/v1/responses', { json })).text()
      return /"id": ?"(resp_[^"]+)"/.exec(text)![1]!
    }
    for (const stream of [false, true]) {
      let previous: string | undefined
      for (let i = 0; i < 3; i++) previous = await turn(stream, previous)
    }
    await gateway.close()
    const { code, stderr } = await runInProcess(['replay', '--log', path, '--policies', 'balanced'])
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/^6 requests in 2 sessions /)
    expect(await readFile(path, 'utf8')).not.toContain('resp_')
  })
})
