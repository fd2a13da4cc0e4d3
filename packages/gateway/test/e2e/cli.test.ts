/** The real command in a process of its own: what it prints, how it stops, how it takes a new configuration. */
import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type AccountProfile, createMockUpstream, type MockUpstream } from '@headgate/mock-upstream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Child, headgate, temporaryFolder } from '../fixtures/child.ts'
import { eventually } from '../fixtures/eventually.ts'
import { readBody } from '../fixtures/read-stream.ts'

const upstreamKey = 'sk-upstream-canary-0123456789'
const teamKey = 'hg-team-0123456789abcdef'
const newKey = 'hg-new-key-0123456789abcdef'

/** Half a second of stream: time enough for a signal in the middle of it. */
const streaming: AccountProfile = { name: 'a1', outputTokens: 50, tokensPerSecond: 100 }

interface Setting {
  readonly folder: string
  readonly mock: MockUpstream
  /** Writes the file anew. */
  write(options?: { readonly keys?: readonly string[]; readonly rest?: string }): void
  serve(...args: string[]): Promise<{ child: Child; url: string }>
}

async function setting(profile: AccountProfile = { name: 'a1' }): Promise<Setting> {
  const folder = temporaryFolder()
  const mock = await createMockUpstream({ accounts: { [upstreamKey]: profile } })
  onTestFinished(() => mock.close())
  const path = join(folder, 'config.yaml')
  const write: Setting['write'] = ({ keys = [teamKey], rest = '' } = {}) =>
    writeFileSync(
      path,
      `server: { port: 0 }
clients: [{ name: team, keys: [${keys.join(', ')}] }]
accounts:
  - { id: a1, kind: openai-compatible, baseUrl: "${mock.url}/v1", apiKey: ${upstreamKey}, allowPrivate: true, capabilities: { storedResponses: true } }
${rest}
`,
      { mode: 0o600 },
    )
  write()
  return {
    folder,
    mock,
    write,
    async serve(...args) {
      const child = headgate(['serve', ...args], { cwd: folder })
      const [, url] = await child.said('stdout', /Headgate listens on (\S+)\n/)
      return { child, url: url! }
    },
  }
}

const ask = (url: string, key = teamKey, fields: object = {}): Promise<Response> =>
  fetch(`${url}/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5.1', input: 'x', ...fields }),
  })

/** A port that is taken for the length of the test. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as { port: number }).port
}

const hasCurl = spawnSync('curl', ['--version']).status === 0

describe('headgate serve --demo', () => {
  it.runIf(hasCurl)('prints a URL, a key and a curl line that works as printed', async () => {
    const child = headgate(['serve', '--demo', '--port', '0'], { cwd: temporaryFolder() })
    const [line] = await child.said('stdout', / {2}curl .*\n/)
    const [, url] = await child.said('stdout', /Headgate listens on (http:\/\/127\.0\.0\.1:\d+)\n/)
    const [, base] = await child.said('stdout', /export OPENAI_BASE_URL=(\S+)\n/)
    const [, key] = await child.said('stdout', /export OPENAI_API_KEY=(\S+)\n/)
    const { stdout } = await promisify(execFile)('sh', ['-c', line!])
    expect(stdout).toContain('event: response.completed\n')
    expect(stdout).toContain('You said: Hello')
    expect(base).toBe(`${url}/v1`)
    const answer = await ask(url!, key)
    expect([answer.status, (await answer.json()).status]).toEqual([200, 'completed'])
    child.kill('SIGTERM')
    expect(await child.ended).toBe(0)
  })
})

describe('a start that cannot be', () => {
  it('on the data folder of another process names that process', async () => {
    const { folder, serve } = await setting()
    const { child, url } = await serve()
    const second = headgate(['serve'], { cwd: folder })
    expect(await second.ended).toBe(1)
    expect(second.stderr).toContain(
      `is in use by process ${child.pid}. Stop it, or give this one another store.path.`,
    )
    expect(second.stderr.trimEnd().split('\n')).toHaveLength(1)
    expect((await ask(url)).status).toBe(200)
  })

  it('on a port in use names the port, what chose it and the remedy', async () => {
    const { folder, serve } = await setting()
    const port = await takenPort()
    const byFlag = headgate(['serve', '--port', String(port)], { cwd: folder })
    expect(await byFlag.ended).toBe(1)
    const remedy = `is in use. Fix: stop the process that \`lsof -i :${port}\` shows, or choose another --port.`
    expect(byFlag.stderr).toContain(`the port 127.0.0.1:${port} (from flag --port) ${remedy}`)
    expect(byFlag.stderr.trimEnd().split('\n')).toHaveLength(1)
    // The try has left nothing behind.
    const { url } = await serve()
    expect((await ask(url)).status).toBe(200)
  })
})

describe('a running server', () => {
  it('lets a stream end on SIGTERM, takes nothing new, and exits with 0', async () => {
    const { serve } = await setting(streaming)
    const { child, url } = await serve()
    const answer = await ask(url, teamKey, { stream: true })
    child.kill('SIGTERM')
    await child.said('stderr', /stopping: open requests have 30 s to end/)
    const late = await ask(url)
    expect([late.status, late.headers.get('retry-after'), late.headers.get('connection')]).toEqual([
      503,
      '1',
      'close',
    ])
    expect(await (await fetch(`${url}/ready`)).json()).toEqual({ status: 'draining' })
    const body = await readBody(answer)
    expect([body.end, body.events.at(-1)!.event]).toEqual(['clean', 'response.completed'])
    await child.said('stderr', /stopped/)
    expect(await child.ended).toBe(0)
  })

  it('is forced by a second SIGTERM: the stream ends with the reason and never looks complete', async () => {
    const { serve, mock } = await setting(streaming)
    mock.control.fault({ fault: { kind: 'stall', afterEvents: 8 } })
    const { child, url } = await serve()
    const answer = await ask(url, teamKey, { stream: true })
    child.kill('SIGTERM')
    await child.said('stderr', /stopping/)
    child.kill('SIGTERM')
    await child.said('stderr', /ending the open requests now/)
    const body = await readBody(answer)
    expect(body.text).not.toContain('response.completed')
    expect([body.end, body.events.at(-1)!.event]).toEqual(['clean', 'error'])
    expect(body.text).toContain('"code":"draining"')
    expect(await child.ended).toBe(143)
    expect(child.stdout).toContain('"errorCode":"draining"')
    await eventually(() => mock.control.stats().total.concurrency.current === 0)
  })

  it('keeps its configuration when SIGHUP finds a bad file, and says why', async () => {
    const { serve, write } = await setting()
    const { child, url } = await serve()
    write({ keys: [newKey], rest: 'limits: { drain: 5 }' })
    child.kill('SIGHUP')
    const [line] = await child.said('stderr', /error: .*config\.yaml:\d+:\d+ limits\.drain: .*\n/)
    expect(line).toContain('Fix:')
    await child.said('stderr', /the configuration was not reloaded; the previous one stays in use/)
    expect([(await ask(url)).status, (await ask(url, newKey)).status]).toEqual([200, 401])
    write({ keys: [newKey] })
    child.kill('SIGHUP')
    await child.said('stderr', /reloaded config\.yaml/)
    expect([(await ask(url)).status, (await ask(url, newKey)).status]).toEqual([401, 200])
  })

  it('takes a new file without a signal, and ends a running stream whose key is gone with it', async () => {
    const { serve, write } = await setting({ ...streaming, outputTokens: 100 })
    const { child, url } = await serve()
    const answer = await ask(url, teamKey, { stream: true })
    write({ keys: [newKey] })
    await child.said('stderr', /reloaded config\.yaml/)
    expect([(await ask(url)).status, (await ask(url, newKey, { max_output_tokens: 1 })).status]).toEqual([
      401, 200,
    ])
    const body = await readBody(answer)
    expect([body.end, body.events.at(-1)!.event]).toEqual(['clean', 'error'])
  })

  it('goes on serving when whoever read its output has gone', async () => {
    const { serve } = await setting()
    const { child, url } = await serve()
    child.process.stdout.destroy()
    child.process.stderr.destroy()
    for (let count = 0; count < 5; count++) expect((await ask(url)).status).toBe(200)
    child.kill('SIGTERM')
    expect(await child.ended).toBe(0)
  })

  it('keeps its conversations over a restart', async () => {
    const { serve } = await setting()
    const first = await serve()
    const { id } = (await (await ask(first.url)).json()) as { id: string }
    first.child.kill('SIGTERM')
    expect(await first.child.ended).toBe(0)
    const second = await serve()
    const answer = await ask(second.url, teamKey, { previous_response_id: id })
    expect(answer.status).toBe(200)
    expect(JSON.stringify(await answer.json())).toContain('turn 2')
  })

  it('prints no credential, whatever happens', async () => {
    const { serve, mock, write } = await setting()
    write({ rest: 'telemetry: { logLevel: trace }' })
    const { child, url } = await serve()
    mock.control.fault({
      fault: { kind: 'status', status: 401, message: `Incorrect API key: ${upstreamKey}` },
    })
    await ask(url)
    await ask(url, 'hg-wrong-0123456789abcdef')
    await fetch(`${url}/v1/models?api_key=${teamKey}`)
    child.kill('SIGTERM')
    expect(await child.ended).toBe(0)
    for (const secret of [upstreamKey, teamKey, 'hg-wrong'])
      expect(child.stdout + child.stderr).not.toContain(secret)
    expect(child.stdout).toContain('upstream_auth')
  })
})
