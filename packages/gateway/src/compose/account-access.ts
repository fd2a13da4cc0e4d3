import { createHash } from 'node:crypto'
import type { Account, ModelRules } from '@headgate/scheduler'
import type { AccountConfig, ModelRule, ProxyConfig } from '../config/config.ts'
import { kindDefaults } from '../config/kinds.ts'
import type { AccountAccess } from '../proxy/pool-access.ts'
import type { CredentialSource } from '../wire/credential-source.ts'
import type { HeaderList } from '../wire/header-list.ts'
import type { UpstreamTarget } from '../wire/upstream.ts'

/** An account as the scheduler knows it; `order` is its place in the file, which decides ties. */
export function scheduledAccount(config: AccountConfig, order: number): Account {
  return {
    id: config.id,
    order,
    type: config.kind,
    priority: config.priority,
    concurrency: config.concurrency ?? 0,
    ...(config.models === undefined ? {} : { models: modelRules(config.models) }),
    supportsWebSocket: config.capabilities.websocket,
    stateDomain: config.stateDomain,
    limitDomain: config.limitDomain,
    schedulable: config.enabled,
    status: config.draining ? 'draining' : 'active',
    revision: revisionOf(config),
  }
}

/** An account as the data plane knows it: where it is, with what credential, what it can do. */
export function accountAccess(config: AccountConfig, credential?: CredentialSource): AccountAccess {
  return {
    id: config.id,
    target: {
      ...wayOf(config),
      accountId: config.id,
      baseUrl: config.baseUrl,
      headers: credentialHeaders(config),
      credential,
    },
    models: config.models && modelRules(config.models),
    capabilities: config.capabilities,
    firstTokenTimeoutMs: config.firstTokenTimeoutMs,
    takesPromptCacheKey: config.kind !== 'openai-compatible',
  }
}

/** How an account connects, to whatever place. */
export function wayOf({ proxy, tls, ...config }: AccountConfig) {
  const { allowPrivate, connectTimeoutMs, headersTimeoutMs, idleTimeoutMs } = config
  return {
    ...{ allowPrivate, connectTimeoutMs, headersTimeoutMs, idleTimeoutMs },
    proxy: proxy && { origin: proxy.origin, authorization: basicCredentials(proxy) },
    tls: tls && { ca: tls.ca, cert: tls.cert, key: tls.key?.reveal(), serverName: tls.serverName },
  } satisfies Partial<UpstreamTarget>
}

/** The value of `proxy-authorization` (RFC 7617): the user info of a URL is percent-encoded, this is not. */
function basicCredentials({ credentials }: ProxyConfig): string | undefined {
  if (credentials === undefined) return undefined
  const decoded = credentials.reveal().split(':').map(decodeURIComponent).join(':')
  return `Basic ${Buffer.from(decoded).toString('base64')}`
}

/** A map as soon as one name differs upstream: limits are counted for the upstream's name, whatever the alias. */
function modelRules(rules: readonly ModelRule[]): ModelRules {
  if (rules.every(({ upstream }) => upstream === undefined)) return rules.map(({ pattern }) => pattern)
  return Object.fromEntries(rules.map(({ pattern, upstream }) => [pattern, upstream ?? pattern]))
}

function credentialHeaders({ kind, apiKey, organization, project }: AccountConfig): HeaderList {
  const headers: (readonly [string, string])[] = []
  if (apiKey !== undefined) {
    const key = apiKey.reveal()
    headers.push(
      kindDefaults[kind].keyHeader === 'api-key' ? ['api-key', key] : ['authorization', `Bearer ${key}`],
    )
  }
  if (organization !== undefined) headers.push(['openai-organization', organization])
  if (project !== undefined) headers.push(['openai-project', project])
  return headers
}

/** Changes when the same id stands for another credential or place: what was learned of the old one is void. */
export function revisionOf(config: AccountConfig): string {
  const { baseUrl, apiKey, organization, project, auth } = config
  const { proxy, tls } = wayOf(config)
  const parts = [
    ...[baseUrl, apiKey?.reveal(), organization, project, proxy, tls],
    auth && { ...auth, clientSecret: auth.clientSecret.reveal() },
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}
