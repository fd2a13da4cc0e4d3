import type { accountKinds, capabilityNames } from './schema/account.ts'
import type { profileNames } from './schema/pool.ts'
import type { ConfigFile } from './schema.ts'
import type { Secret } from './secret.ts'

/**
 * The configuration as the rest of the program sees it: every default filled in, every reference resolved,
 * deeply frozen. Durations are milliseconds, sizes bytes, file paths absolute; credentials are {@link Secret}s.
 */
export interface Config {
  readonly server: ServerConfig
  readonly admin: AdminConfig
  readonly clients: readonly ClientConfig[]
  /** In the order of the file, which decides ties. Never empty. */
  readonly accounts: readonly AccountConfig[]
  /** In the order of the file. Never empty. */
  readonly pools: readonly PoolConfig[]
  readonly store: StoreConfig
  readonly limits: LimitsConfig
  readonly telemetry: TelemetryConfig
}

export interface ServerConfig {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** IP addresses and CIDR ranges, checked. */
  readonly trustedProxies: readonly string[]
  /** Absent: plain HTTP. */
  readonly tls?: TlsConfig | undefined
}

/** A certificate and its key, as read and found to belong together. */
export interface TlsConfig {
  readonly certFile: string
  readonly keyFile: string
  /** PEM. */
  readonly cert: string
  /** PEM. */
  readonly key: Secret
}

export interface AdminConfig {
  /** Absent: the admin API is off. */
  readonly token?: Secret | undefined
}

/** How an account speaks TLS, every part optional. */
export interface AccountTlsConfig extends Partial<TlsConfig> {
  readonly caFile?: string | undefined
  /** PEM; trusted instead of the system's authorities. */
  readonly ca?: string | undefined
  readonly serverName?: string | undefined
}

/** Client credentials of Microsoft Entra ID. */
export interface EntraAuthConfig {
  readonly kind: 'entra'
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: Secret
  readonly scope: string
  /** Without a trailing slash. */
  readonly authority: string
}

/** An HTTP proxy. */
export interface ProxyConfig {
  /** `http://host:port`. */
  readonly origin: string
  /** `user:password`, percent-encoded as in the URL. */
  readonly credentials?: Secret | undefined
}

/** Who may call. Keys are distinct over all clients and at least 16 characters long. */
export interface ClientConfig {
  readonly name: string
  /** Bindings, queue shares and limits are scoped by it. */
  readonly tenant: string
  /** Never empty. */
  readonly keys: readonly Secret[]
  /** The name of an existing pool. */
  readonly pool: string
  /** Names of existing pools, `pool` not among them, each once. */
  readonly pools: readonly string[]
  /** Exact names, or ones that end in `*`; never empty. Absent: every model. */
  readonly models?: readonly string[] | undefined
  /** Requests under way at once, waiting ones included. Absent: unlimited. */
  readonly concurrency?: number | undefined
  /** Slots its tenant may hold at once in a pool. Absent: unlimited. */
  readonly slots?: number | undefined
  /** Above 0. */
  readonly weight: number
  /** -1000..1000, higher is served first. */
  readonly priority: number
  /** Absent: unlimited, as is each that is absent in it. */
  readonly rates?:
    | { readonly requestsPerMinute?: number | undefined; readonly tokensPerMinute?: number | undefined }
    | undefined
  /** `headers`: answers say which account served, after how many attempts, and by which decision. */
  /** Whether it may create batches. Absent: only where there is one tenant. */
  readonly batches?: boolean | undefined
  readonly diagnostics: 'none' | 'headers'
}

export type AccountKind = (typeof accountKinds)[number]
export type CapabilityName = (typeof capabilityNames)[number]

/** What an account can serve: its kind's defaults with the file's changes. */
export type Capabilities = Readonly<Record<CapabilityName, boolean>>

/**
 * One entry of an account's `models`. A pattern is an exact name or ends in `*`; an exact name beats a pattern,
 * a longer pattern a shorter one. Rules are applied once: with `a -> b` and `b -> a`, a request for `a` is sent
 * as `b`.
 */
export interface ModelRule {
  readonly pattern: string
  /** The name sent upstream; absent: the name the client asked for. */
  readonly upstream?: string | undefined
}

export interface AccountConfig {
  /** Unique. */
  readonly id: string
  readonly kind: AccountKind
  /** http or https, without a trailing slash, user info, query or fragment. */
  readonly baseUrl: string
  /** Absent with `auth`, and for kind `openai-compatible` when nothing is sent. */
  readonly apiKey?: Secret | undefined
  readonly auth?: EntraAuthConfig | undefined
  readonly organization?: string | undefined
  readonly project?: string | undefined
  readonly stateDomain: string
  readonly limitDomain: string
  /** 1..100000; absent: unlimited, counted. */
  readonly concurrency?: number | undefined
  /** 0..1000000, smaller is preferred. */
  readonly priority: number
  /** Absent: every model. */
  readonly models?: readonly ModelRule[] | undefined
  readonly enabled: boolean
  /** Takes no new work; what is bound to it goes on. */
  readonly draining: boolean
  /** Whether plain http and private, loopback and link-local addresses may be connected to. */
  readonly allowPrivate: boolean
  readonly proxy?: ProxyConfig | undefined
  readonly tls?: AccountTlsConfig | undefined
  readonly capabilities: Capabilities
  /** Those of the capabilities that the upstream may be asked about; empty: it is not asked. */
  readonly discover: readonly CapabilityName[]
  readonly connectTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Absent: the pool's. */
  readonly firstTokenTimeoutMs?: number | undefined
}

export type ProfileName = (typeof profileNames)[number]

export interface SchedulerConfig {
  readonly profile: ProfileName
  /** Finite, at least 0, with a positive sum. */
  readonly weights: Readonly<Record<'priority' | 'load' | 'queue' | 'errorRate' | 'ttft', number>>
  /** Omitted: as the profile has it. */
  readonly topK: number | undefined
  readonly fairness: 'fifo' | 'tenant'
  readonly wait: {
    readonly timeoutMs: number
    readonly max: number
    /** Only with the profile adaptive. */
    readonly shedMs: number | undefined
    readonly ownerTimeoutMs: number
  }
}

export interface PoolConfig {
  readonly name: string
  /** Ids of accounts, patterns resolved, each once, in the order of the file. Never empty. */
  readonly accounts: readonly string[]
  readonly scheduler: SchedulerConfig
  readonly commit: 'hold' | 'early'
  /** Absent: none. */
  readonly firstTokenTimeoutMs?: number | undefined
  /** Absent: that of the limits. */
  readonly totalTimeoutMs?: number | undefined
  /** What becomes of response ids nobody here has bound. */
  readonly unknownOwners: 'refuse' | 'relay'
  /** Absent: streams are not hedged. */
  readonly hedge?: { readonly afterMs: number | 'auto'; readonly budget: number } | undefined
  /** What becomes of encrypted reasoning whose accounts are gone for good. */
  readonly lostOwners: 'refuse' | 'replay'
  /** Requests without a session key get one made from the head of their conversation. */
  readonly fingerprint: boolean
  /** Accounts of kinds openai and azure get a `prompt_cache_key` where the client sent none. */
  readonly fillPromptCacheKey: boolean
  readonly blocks: readonly BlockConfig[]
}

/** Answers that take an account out for a while. */
export interface BlockConfig {
  readonly status: number
  /** In lower case; none: any answer of this status. */
  readonly words: readonly string[]
  readonly forMs: number
}

export interface StoreConfig {
  readonly kind: 'embedded'
  readonly path: string
}

/** See schema/limits.ts for what each one bounds. */
export interface LimitsConfig {
  readonly bodyBytes: number
  readonly uploadBytes: number
  readonly bufferedShare: number
  readonly headerBytes: number
  readonly headerCount: number
  readonly eventBytes: number
  readonly jsonBufferBytes: number
  readonly websocketMessageBytes: number
  readonly headerTimeoutMs: number
  readonly bodyIdleMs: number
  readonly stalledReaderMs: number
  readonly headersTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly holdMs: number
  /** Absent: none. */
  readonly keepaliveMs?: number | undefined
  readonly totalMs: number
  readonly drainMs: number
  /** A share of the heap's limit, and milliseconds. */
  readonly overload: { readonly heap: number; readonly loopLagMs: number }
  readonly attempts: number
  readonly retryRatio: number
  readonly retryBurst: number
}

export interface TelemetryConfig {
  readonly logLevel: ConfigFile['telemetry']['logLevel']
  /** 0: any free port. Absent: no port of its own. */
  readonly metricsPort?: number | undefined
  readonly decisionLog?:
    | { readonly path: string; readonly maxSizeBytes: number; readonly maxFiles: number }
    | undefined
}
