import type {
  AccountConfig,
  CapabilityName,
  ClientConfig,
  Config,
  LimitsConfig,
  PoolConfig,
  ProxyConfig,
} from './config.ts'
import { formatDuration } from './duration.ts'
import type { ConfigFileInput } from './schema.ts'
import type { Secret } from './secret.ts'
import { formatSize } from './size.ts'

/** Writes a secret into the document: masked to print, revealed only to prove that nothing is lost. */
export type WriteSecret = (secret: Secret) => string

const orUndefined = <T, R>(value: T | undefined, write: (value: T) => R): R | undefined =>
  value === undefined ? undefined : write(value)

/**
 * The configuration in the form of the file, with every value spelled out: what `config print` shows. Loading it
 * again (with its secrets revealed) gives the same configuration. Keys that are absent hold undefined.
 */
export function toDocument(config: Config, write: WriteSecret): ConfigFileInput {
  const { decisionLog, logLevel, metricsPort } = config.telemetry
  const { tls, trustedProxies, ...address } = config.server
  return {
    server: {
      ...address,
      trustedProxies: [...trustedProxies],
      tls: orUndefined(tls, ({ certFile, keyFile }) => ({ cert: certFile, key: keyFile })),
    },
    admin: { token: orUndefined(config.admin.token, write) },
    clients: config.clients.map(client => writeClient(client, write)),
    accounts: config.accounts.map(account => writeAccount(account, write)),
    pools: Object.fromEntries(config.pools.map(pool => [pool.name, writePool(pool)])),
    store: { ...config.store },
    limits: writeLimits(config.limits),
    telemetry: {
      logLevel,
      metricsPort,
      decisionLog: orUndefined(decisionLog, ({ path, maxSizeBytes, maxFiles }) => ({
        path,
        maxSize: formatSize(maxSizeBytes),
        maxFiles,
      })),
    },
  }
}

function writeClient({ keys, pools, models, rates, ...client }: ClientConfig, write: WriteSecret) {
  return {
    ...client,
    keys: keys.map(write),
    pools: [...pools],
    models: models && [...models],
    rates: rates && { ...rates },
  }
}

function writeAccount(account: AccountConfig, write: WriteSecret) {
  const { id, kind, baseUrl, apiKey, auth, proxy, tls, models, capabilities, discover, ...others } = account
  const { connectTimeoutMs, headersTimeoutMs, idleTimeoutMs, firstTokenTimeoutMs, ...rest } = others
  return {
    id,
    kind,
    baseUrl,
    apiKey: orUndefined(apiKey, write),
    auth: auth && { ...auth, clientSecret: write(auth.clientSecret) },
    proxy: proxy && writeProxy(proxy, write),
    tls: tls && { ca: tls.caFile, cert: tls.certFile, key: tls.keyFile, serverName: tls.serverName },
    ...rest,
    models: orUndefined(models, rules =>
      rules.some(({ upstream }) => upstream !== undefined)
        ? Object.fromEntries(rules.map(({ pattern, upstream }) => [pattern, upstream ?? pattern]))
        : rules.map(({ pattern }) => pattern),
    ),
    discover: discover.length > 0,
    // What the upstream is asked about is not stated.
    capabilities: Object.fromEntries(
      Object.entries(capabilities).filter(([name]) => !discover.includes(name as CapabilityName)),
    ),
    connectTimeout: formatDuration(connectTimeoutMs),
    headersTimeout: formatDuration(headersTimeoutMs),
    idleTimeout: formatDuration(idleTimeoutMs),
    firstTokenTimeout: orUndefined(firstTokenTimeoutMs, formatDuration),
  }
}

function writeProxy({ origin, credentials }: ProxyConfig, write: WriteSecret): string {
  return credentials === undefined ? origin : origin.replace('//', `//${write(credentials)}@`)
}

function writePool(pool: PoolConfig) {
  const {
    accounts,
    scheduler,
    commit,
    firstTokenTimeoutMs,
    totalTimeoutMs,
    unknownOwners,
    hedge,
    lostOwners,
  } = pool
  const { profile, weights, topK, fairness, wait } = scheduler
  return {
    accounts: [...accounts],
    scheduler: {
      profile,
      weights: { ...weights },
      topK,
      fairness,
      wait: {
        timeout: formatDuration(wait.timeoutMs),
        max: wait.max,
        shed: orUndefined(wait.shedMs, formatDuration),
        ownerTimeout: formatDuration(wait.ownerTimeoutMs),
      },
    },
    commit,
    firstTokenTimeout: orUndefined(firstTokenTimeoutMs, formatDuration),
    totalTimeout: orUndefined(totalTimeoutMs, formatDuration),
    hedge: orUndefined(hedge, ({ afterMs, budget }) => ({
      after: afterMs === 'auto' ? afterMs : formatDuration(afterMs),
      budget,
    })),
    fingerprint: pool.fingerprint,
    fillPromptCacheKey: pool.fillPromptCacheKey,
    blocks: pool.blocks.map(({ status, words, forMs }) => ({
      status,
      words: [...words],
      for: formatDuration(forMs),
    })),
    owner: {
      unknown: unknownOwners === 'relay' ? ('passthrough' as const) : ('refuse' as const),
      lost: lostOwners,
    },
  }
}

function writeLimits(limits: LimitsConfig) {
  return {
    body: formatSize(limits.bodyBytes),
    upload: formatSize(limits.uploadBytes),
    bufferedShare: limits.bufferedShare,
    header: formatSize(limits.headerBytes),
    headerCount: limits.headerCount,
    event: formatSize(limits.eventBytes),
    jsonBuffer: formatSize(limits.jsonBufferBytes),
    websocketMessage: formatSize(limits.websocketMessageBytes),
    headerTimeout: formatDuration(limits.headerTimeoutMs),
    bodyIdle: formatDuration(limits.bodyIdleMs),
    stalledReader: formatDuration(limits.stalledReaderMs),
    headersTimeout: formatDuration(limits.headersTimeoutMs),
    idleTimeout: formatDuration(limits.idleTimeoutMs),
    hold: formatDuration(limits.holdMs),
    keepalive: limits.keepaliveMs === undefined ? ('off' as const) : formatDuration(limits.keepaliveMs),
    total: formatDuration(limits.totalMs),
    drain: formatDuration(limits.drainMs),
    overload: { heap: limits.overload.heap, loopLag: formatDuration(limits.overload.loopLagMs) },
    attempts: limits.attempts,
    retryRatio: limits.retryRatio,
    retryBurst: limits.retryBurst,
  }
}
