import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { nodeVersionProblem } from '../../src/cli/node-version.ts'
import { secrets, temporaryFolder, yaml } from './fixture.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function launch(args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  return spawn(process.execPath, ['--conditions=headgate-source', main, ...args], {
    cwd: options.cwd ?? temporaryFolder(),
    env: { PATH: process.env['PATH'], ...secrets, ...options.env },
  })
}

async function headgate(...[args, options]: Parameters<typeof launch>): Promise<Ended> {
  const child = launch(args, options)
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', chunk => (stdout += chunk))
  child.stderr.on('data', chunk => (stderr += chunk))
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  return { code, stdout, stderr }
}

function configFile(text: string): string {
  const path = join(temporaryFolder(), 'config.yaml')
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

describe('headgate doctor', () => {
  it('prints what is broken with a remedy, and exits with 1', async () => {
    const account =
      '{ id: away, kind: openai-compatible, baseUrl: "http://127.0.0.1:1/v1", allowPrivate: true }'
    const path = configFile(`clients: [{ name: c, keys: ["\${TEAM_KEY}"] }]\naccounts:\n  - ${account}\n`)
    const [lines, json] = await Promise.all([
      headgate(['doctor', '-c', path]),
      headgate(['doctor', '--json', '-c', path]),
    ])
    expect([lines.code, json.code]).toEqual([1, 1])
    expect(lines.stdout).toContain(
      'broken: nothing listens at 127.0.0.1:1 (ECONNREFUSED). Fix: start the server',
    )
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, warnings: [], accounts: [{ id: 'away' }] })
  })
})

describe('headgate config', () => {
  it('check prints a line a problem and exits with 2', async () => {
    const path = configFile(yaml({ account: ', concurency: 1', rest: 'limits: { drain: 5 }' }))
    const { code, stderr } = await headgate(['config', 'check', '--config', path])
    expect(code).toBe(2)
    expect(stderr.trimEnd().split('\n')).toEqual([
      `error: ${path}:4:41 accounts[0].concurency: is not a known key. Fix: did you mean concurrency? Otherwise remove it.`,
      expect.stringContaining(`error: ${path}:5:18 limits.drain: must be a duration`),
    ])
  })

  it('check --json prints one object, also for a file that is missing', async () => {
    const path = configFile(yaml({ account: ', concurrency: 0' }))
    const { code, stdout } = await headgate(['config', 'check', '--json', '--config', path])
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toEqual({
      valid: false,
      problems: [
        {
          file: path,
          line: 4,
          column: 54,
          source: 'file',
          path: 'accounts[0].concurrency',
          message: 'must be a whole number from 1 to 100000, not 0',
          fix: 'choose a number in that range',
        },
      ],
      warnings: [],
    })
    const missing = await headgate(['config', 'check', '--json', '--config', 'nope.yaml'])
    expect(JSON.parse(missing.stdout).problems[0].message).toBe('the configuration does not exist (ENOENT)')
    const unnamed = await headgate(['config', 'check'])
    expect(unnamed.stderr).toContain(
      'there is no config.yaml in this folder. Fix: name a file with --config.',
    )
    expect([missing.code, unnamed.code]).toEqual([2, 2])
  })

  it('check says that a good file is valid', async () => {
    const path = configFile(yaml())
    const { code, stdout, stderr } = await headgate(['config', 'check', '--config', path])
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `${path}: valid (accounts: 1, clients: 1, pools: 1)\n`,
      stderr: '',
    })
  })

  it('print --origin shows flags over the environment over the file, without secrets', async () => {
    const path = configFile(yaml({ rest: 'server: { host: 127.0.0.2, port: 1 }' }))
    const env = { HEADGATE_HOST: '127.0.0.3', PORT: '2' }
    const { code, stdout } = await headgate(['config', 'print', '--origin', '-c', path, '--port', '3'], {
      env,
    })
    expect(code).toBe(0)
    expect(stdout).toContain('host: 127.0.0.3 # env HEADGATE_HOST')
    expect(stdout).toContain('port: 3 # flag --port')
    for (const secret of Object.values(secrets)) expect(stdout).not.toContain(secret)
  })

  it('survives a reader that goes away, and a terminal without colours', async () => {
    const child = launch(['config', 'schema'], { env: { NO_COLOR: '1', TERM: 'dumb' } })
    let stderr = ''
    child.stderr.on('data', chunk => (stderr += chunk))
    child.stdout.destroy()
    const code = await new Promise<number | null>(resolve => child.on('close', resolve))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

describe('headgate mock-upstream', () => {
  it('says where it listens and stops on SIGTERM', async () => {
    const child = launch(['mock-upstream', '--port', '0', '--key', 'mock-1', '--key', 'mock-2'])
    const line = await new Promise<string>(resolve =>
      child.stdout.once('data', chunk => resolve(String(chunk))),
    )
    const url = /listens on (http:\/\/127\.0\.0\.1:\d+\/v1)\n/.exec(line)![1]
    const status = async (key: string) =>
      (await fetch(`${url}/models`, { headers: { authorization: `Bearer ${key}` } })).status
    expect([await status('mock-2'), await status('other')]).toEqual([200, 401])
    child.kill('SIGTERM')
    expect(await new Promise(resolve => child.on('close', resolve))).toBe(0)
  })

  it('names a port that is in use, and what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const { code, stderr } = await headgate(['mock-upstream', '--port', String(port)])
    server.close()
    expect(code).toBe(1)
    expect(stderr).toContain(`the port 127.0.0.1:${port} (from --port) is in use. Fix: stop the process that`)
  })
})

it('refuses a Node that is too old in one line', () => {
  expect(nodeVersionProblem('v24.0.0')).toBeUndefined()
  expect(nodeVersionProblem('v26.1.0')).toBeUndefined()
  expect(nodeVersionProblem('v22.11.0')).toBe(
    'headgate: Node v22.11.0 is too old. Fix: install Node 24 or newer (https://nodejs.org) and start again.',
  )
})
