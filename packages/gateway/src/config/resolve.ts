import { resolve as resolvePath } from 'node:path'
import { matches } from './check-references.ts'
import type {
  AccountConfig,
  AccountTlsConfig,
  Capabilities,
  CapabilityName,
  ClientConfig,
  Config,
  EntraAuthConfig,
  LimitsConfig,
  ModelRule,
  PoolConfig,
  ProxyConfig,
  TelemetryConfig,
} from './config.ts'
import { kindDefaults } from './kinds.ts'
import type { Path } from './origin.ts'
import { capabilityNames } from './schema/account.ts'
import type { ConfigFile } from './schema.ts'
import { Secret } from './secret.ts'
import type { SecretFiles } from './secret-files.ts'
import type { TlsFilesRead } from './tls-files.ts'

type FileAccount = ConfigFile['accounts'][number]
type FileClient = ConfigFile['clients'][number]
type FilePool = ConfigFile['pools'][string]

/** Turns a valid file into the {@link Config}: units into names, references into ids, keys into secrets; frozen. */
export function resolveConfig(
  file: ConfigFile,
  options: { files: SecretFiles; tls: TlsFilesRead; baseDir: string },
): Config {
  const { files, tls, baseDir } = options
  const { host, port, trustedProxies } = file.server
  return deepFreeze({
    server: { host, port, trustedProxies, tls: tls.server },
    admin: { token: file.admin.token === undefined ? undefined : new Secret(file.admin.token) },
    clients: file.clients.map((client, index) =>
      resolveClient(client, files.lines(['clients', index, 'keysFile'])),
    ),
    accounts: file.accounts.map((account, index) =>
      resolveAccount(account, {
        file,
        files,
        tls: tls.account(['accounts', index]),
        path: ['accounts', index],
      }),
    ),
    pools: Object.entries(file.pools).map(([name, pool]) => resolvePool(name, pool, file.accounts)),
    store: { kind: file.store.kind, path: resolvePath(baseDir, file.store.path) },
    limits: resolveLimits(file.limits),
    telemetry: resolveTelemetry(file.telemetry, baseDir),
  })
}

function resolveClient(client: FileClient, fileKeys: readonly string[]): ClientConfig {
  return {
    name: client.name,
    tenant: client.tenant ?? client.name,
    keys: [...(client.keys ?? []), ...fileKeys].map(key => new Secret(key)),
    pool: client.pool,
    pools: [...new Set(client.pools)].filter(pool => pool !== client.pool),
    models: client.models,
    concurrency: client.concurrency,
    slots: client.slots,
    weight: client.weight,
    priority: client.priority,
    rates: client.rates,
    batches: client.batches,
    diagnostics: client.diagnostics,
  }
}

function resolveAccount(
  account: FileAccount,
  context: { file: ConfigFile; files: SecretFiles; tls: AccountTlsConfig | undefined; path: Path },
): AccountConfig {
  const { files, path, tls } = context
  const { limits } = context.file
  const defaults = kindDefaults[account.kind]
  const key = account.apiKey ?? files.lines([...path, 'apiKeyFile'])[0]
  return {
    id: account.id,
    kind: account.kind,
    baseUrl: new URL((account.baseUrl ?? defaults.baseUrl)!).href.replace(/\/+$/, ''),
    apiKey: key === undefined ? undefined : new Secret(key),
    auth: account.auth && entraAuth(account.auth, files.lines([...path, 'auth', 'clientSecretFile'])[0]),
    organization: account.organization,
    project: account.project,
    stateDomain: account.stateDomain ?? account.id,
    limitDomain: account.limitDomain ?? account.id,
    concurrency: account.concurrency,
    priority: account.priority,
    models: account.models && modelRules(account.models),
    enabled: account.enabled,
    draining: account.draining,
    allowPrivate: account.allowPrivate,
    proxy: account.proxy === undefined ? undefined : proxyOf(account.proxy),
    tls: account.tls && { ...tls, serverName: account.tls.serverName },
    capabilities: { ...defaults.capabilities, ...given(account.capabilities) },
    discover: openToDiscovery(account),
    connectTimeoutMs: account.connectTimeout,
    headersTimeoutMs: account.headersTimeout ?? limits.headersTimeout,
    idleTimeoutMs: account.idleTimeout ?? limits.idleTimeout,
    firstTokenTimeoutMs: account.firstTokenTimeout,
  }
}

function entraAuth(auth: NonNullable<FileAccount['auth']>, fileSecret: string | undefined): EntraAuthConfig {
  const { kind, tenantId, clientId, scope } = auth
  const clientSecret = new Secret((auth.clientSecret ?? fileSecret)!)
  const authority = new URL(auth.authority).href.replace(/\/+$/, '')
  return { kind, tenantId, clientId, clientSecret, scope, authority }
}

function proxyOf(written: string): ProxyConfig {
  const { origin, username, password } = new URL(written)
  const credentials = username || password ? new Secret(`${username}:${password}`) : undefined
  return { origin, credentials }
}

/** An operator's word about a capability is never asked about. */
function openToDiscovery({ kind, discover, capabilities }: FileAccount): CapabilityName[] {
  const stated = Object.keys(given(capabilities))
  const asks = discover ?? (kind === 'openai-compatible' && stated.length === 0)
  return asks ? capabilityNames.filter(name => !stated.includes(name)) : []
}

/** Without the keys that are undefined, which would undo a default when spread over it. */
function given(flags: Partial<Record<keyof Capabilities, boolean | undefined>>): Partial<Capabilities> {
  return Object.fromEntries(Object.entries(flags).filter(([, flag]) => flag !== undefined))
}

function modelRules(models: NonNullable<FileAccount['models']>): ModelRule[] {
  if (Array.isArray(models)) return models.map(pattern => ({ pattern }))
  return Object.entries(models).map(([pattern, upstream]) => ({ pattern, upstream }))
}

function resolvePool(name: string, pool: FilePool, accounts: readonly FileAccount[]): PoolConfig {
  const { profile, weights, topK, fairness, wait } = pool.scheduler
  const members = accounts.filter(({ id }) => pool.accounts.some(pattern => matches(pattern, id)))
  return {
    name,
    accounts: members.map(({ id }) => id),
    scheduler: {
      profile,
      weights,
      topK,
      // With one tenant the two are the same, and with several nobody means to let the loudest one win.
      fairness: fairness ?? (profile === 'balanced' || profile === 'adaptive' ? 'tenant' : 'fifo'),
      wait: {
        timeoutMs: wait.timeout,
        max: wait.max,
        shedMs: wait.shed,
        ownerTimeoutMs: wait.ownerTimeout,
      },
    },
    commit: pool.commit,
    firstTokenTimeoutMs: pool.firstTokenTimeout,
    totalTimeoutMs: pool.totalTimeout,
    unknownOwners: pool.owner.unknown === 'passthrough' ? 'relay' : 'refuse',
    hedge: pool.hedge && { afterMs: pool.hedge.after, budget: pool.hedge.budget },
    lostOwners: pool.owner.lost,
    fingerprint: pool.fingerprint,
    fillPromptCacheKey: pool.fillPromptCacheKey,
    blocks: pool.blocks.map(({ status, words, for: forMs }) => ({
      status,
      words: words.map(word => word.toLowerCase()),
      forMs,
    })),
  }
}

function resolveLimits(limits: ConfigFile['limits']): LimitsConfig {
  return {
    bodyBytes: limits.body,
    uploadBytes: limits.upload,
    bufferedShare: limits.bufferedShare,
    headerBytes: limits.header,
    headerCount: limits.headerCount,
    eventBytes: limits.event,
    jsonBufferBytes: limits.jsonBuffer,
    websocketMessageBytes: limits.websocketMessage,
    headerTimeoutMs: limits.headerTimeout,
    bodyIdleMs: limits.bodyIdle,
    stalledReaderMs: limits.stalledReader,
    headersTimeoutMs: limits.headersTimeout,
    idleTimeoutMs: limits.idleTimeout,
    holdMs: limits.hold,
    keepaliveMs: limits.keepalive === 'off' ? undefined : limits.keepalive,
    totalMs: limits.total,
    drainMs: limits.drain,
    overload: { heap: limits.overload.heap, loopLagMs: limits.overload.loopLag },
    attempts: limits.attempts,
    retryRatio: limits.retryRatio,
    retryBurst: limits.retryBurst,
  }
}

function resolveTelemetry(telemetry: ConfigFile['telemetry'], baseDir: string): TelemetryConfig {
  const { logLevel, metricsPort, decisionLog } = telemetry
  return {
    logLevel,
    metricsPort,
    decisionLog: decisionLog && {
      path: resolvePath(baseDir, decisionLog.path),
      maxSizeBytes: decisionLog.maxSize,
      maxFiles: decisionLog.maxFiles,
    },
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
