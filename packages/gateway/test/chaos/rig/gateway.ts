import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Child, type Ended, startSource } from './children.ts'

/** The one client of every scenario. */
export const clientKey = 'sk-headgate-chaos-client-0001'

/** What a scenario says of its gateway; the rest is the same for all. */
export interface GatewaySettings {
  /** Sections of the configuration file as they are written there; `server` and `clients` are filled in. */
  readonly config: Readonly<Record<string, unknown>>
  /** Below the scenario's folder, for those that run several gateways at once. */
  readonly folder?: string
}

/** A running `headgate serve`. */
export interface GatewayProcess {
  readonly url: string
  readonly port: number
  readonly configFile: string
  signal(signal: NodeJS.Signals): void
  readonly ended: Promise<Ended>
  /** What it last wrote. */
  tail(): string
  /** Writes another configuration file; the process hears of it when told. */
  configure(config: Readonly<Record<string, unknown>>): void
  /** Resident memory in bytes. */
  rssBytes(): number
  /** The samples of one metric of the Prometheus page, by their labels. */
  metric(name: string): Promise<ReadonlyMap<string, number>>
}

const cli = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

/** Starts the gateway on a configuration of its own in `parent`. Starting it twice in one folder is a restart. */
export async function startGateway(parent: string, settings: GatewaySettings): Promise<GatewayProcess> {
  const folder = join(parent, settings.folder ?? '')
  mkdirSync(folder, { recursive: true })
  const configFile = join(folder, 'config.yaml')
  const configure = (config: Readonly<Record<string, unknown>>): void =>
    writeFileSync(configFile, JSON.stringify(complete(config), null, 2), { mode: 0o600 })
  configure(settings.config)
  const child = startSource(cli, ['serve', '--config', configFile], { ipc: false })
  const url = await listeningUrl(child)
  return {
    url,
    port: Number(new URL(url).port),
    configFile,
    signal: signal => void child.process.kill(signal),
    ended: child.ended,
    tail: child.tail,
    configure,
    rssBytes: () => rssOf(child.process.pid!),
    metric: name => readMetric(url, name),
  }
}

function complete(config: Readonly<Record<string, unknown>>): object {
  return {
    server: { host: '127.0.0.1', port: 0 },
    clients: [{ name: 'chaos', keys: [clientKey], pool: 'default' }],
    store: { path: './data' },
    ...config,
  }
}

function listeningUrl(child: Child): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = ''
    const look = (chunk: Buffer): void => {
      seen += chunk.toString()
      const url = /Headgate listens on (\S+)/.exec(seen)?.[1]
      if (url === undefined) return
      child.process.stdout!.off('data', look)
      resolve(url)
    }
    child.process.stdout!.on('data', look)
    void child.ended.then(() => reject(new Error(`The gateway did not start: ${child.tail()}`)))
  })
}

/** 0 once the process is gone. */
function rssOf(pid: number): number {
  const file = `/proc/${pid}/status`
  if (!existsSync(file)) return 0
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

async function readMetric(url: string, name: string): Promise<ReadonlyMap<string, number>> {
  const page = await (await fetch(`${url}/metrics`)).text()
  const samples = new Map<string, number>()
  for (const line of page.split('\n')) {
    if (!line.startsWith(name)) continue
    const [, labels = '', value] = /^[a-z_]+(\{.*\})? (\S+)$/.exec(line) ?? []
    samples.set(labels, Number(value))
  }
  return samples
}

/** The account entries of a configuration for accounts of the judge, whose keys are `sk-NAME`. */
export function accountsAt(
  judgeUrl: string,
  names: readonly string[],
  each: Readonly<Record<string, unknown>> = {},
): object[] {
  return names.map(name => ({
    id: name,
    kind: 'openai-compatible',
    baseUrl: `${judgeUrl}/v1`,
    apiKey: `sk-${name}`,
    allowPrivate: true,
    capabilities: { storedResponses: true },
    ...each,
  }))
}
