import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { clientKey } from './job.ts'

/** One of the proxies that are compared, in a process of its own. */
export interface ProxyProcess {
  readonly name: 'headgate' | 'http-agent' | 'nginx'
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** Starts a file of this benchmark that sends `{port}` to its parent once it listens. */
export async function startServer(
  file: string,
  args: readonly string[],
): Promise<Omit<ProxyProcess, 'name'>> {
  const child = startNode([here(file), ...args], ['ignore', 'ignore', 'inherit', 'ipc'])
  const failed = once(child, 'exit').then(() =>
    Promise.reject(new Error(`${file} did not start; see above.`)),
  )
  const [{ port }] = (await Promise.race([once(child, 'message'), failed])) as [{ port: number }]
  failed.catch(() => {})
  return { pid: child.pid!, port, stop: () => end(child) }
}

/** Starts a Node process of this workspace, with `HEADGATE_BENCH_NODE_FLAGS` (such as `--cpu-prof`) on top. */
export function startNode(
  args: readonly string[],
  stdio: ('ignore' | 'pipe' | 'inherit' | 'ipc')[],
): ChildProcess {
  return spawn(process.execPath, ['--conditions=headgate-source', ...args], { stdio })
}

/** The gateway as it runs for users: logging at info, into a pipe that is read. */
export async function startHeadgate(folder: string, upstreamPort: number): Promise<ProxyProcess> {
  mkdirSync(folder)
  const configFile = join(folder, 'config.yaml')
  const account = {
    kind: 'openai-compatible',
    baseUrl: `http://127.0.0.1:${upstreamPort}/v1`,
    allowPrivate: true,
  }
  const config = {
    server: { host: '127.0.0.1', port: 0 },
    clients: [{ name: 'bench', keys: [clientKey] }],
    accounts: ['a', 'b', 'c', 'd'].map(id => ({ id, apiKey: `sk-${id}`, concurrency: 1000, ...account })),
    store: { path: './data' },
  }
  writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 })
  const flags = (process.env['HEADGATE_BENCH_NODE_FLAGS'] ?? '').split(' ').filter(Boolean)
  const cli = here('../../packages/gateway/src/cli/main.ts')
  const child = startNode([...flags, cli, 'serve', '--config', configFile], ['ignore', 'pipe', 'inherit'])
  const port = await new Promise<number>((resolve, reject) => {
    let said = ''
    child.once('exit', () => reject(new Error(`headgate did not start: ${said}`)))
    child.stdout!.on('data', (chunk: Buffer) => {
      if (said.length < 4096) said += chunk.toString()
      const found = /Headgate listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(said)
      if (found !== null) resolve(Number(found[1]))
    })
  })
  return { name: 'headgate', pid: child.pid!, port, stop: () => end(child) }
}

export async function startHttpAgent(upstreamPort: number): Promise<ProxyProcess> {
  return { name: 'http-agent', ...(await startServer('./http-agent-main.ts', [String(upstreamPort)])) }
}

/** nginx with one worker, connections to the upstream kept, streams not held back; undefined when not installed. */
export async function startNginx(folder: string, upstreamPort: number): Promise<ProxyProcess | undefined> {
  if (spawnSync('nginx', ['-v']).error !== undefined) return undefined
  mkdirSync(folder)
  const port = await freePort()
  const configFile = join(folder, 'nginx.conf')
  writeFileSync(configFile, nginxConfig(folder, port, upstreamPort))
  const child = spawn('nginx', ['-p', folder, '-c', configFile, '-e', join(folder, 'error.log')], {
    stdio: 'inherit',
  })
  // It says nothing when it listens.
  await sleep(300)
  if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}; see its message above`)
  return { name: 'nginx', pid: child.pid!, port, stop: () => end(child) }
}

function nginxConfig(folder: string, port: number, upstreamPort: number): string {
  return `
daemon off; worker_processes 1; pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  keepalive_requests 10000000;
  upstream backend { server 127.0.0.1:${upstreamPort}; keepalive 512; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 5000)
  await gone
  clearTimeout(force)
}
