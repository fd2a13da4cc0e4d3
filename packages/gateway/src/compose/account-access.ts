import { createHash } from 'node:crypto'
import type { Account } from '@headgate/scheduler'
import type { AccountConfig } from '../config/config.ts'
import type { AccountAccess } from '../proxy/pool-access.ts'
import type { HeaderList } from '../wire/header-list.ts'

/** An account as the scheduler knows it; `order` is its place in the file, which decides ties. */
export function scheduledAccount(config: AccountConfig, order: number): Account {
  return {
    id: config.id,
    order,
    type: config.kind,
    priority: config.priority,
    concurrency: config.concurrency ?? 0,
    ...(config.models === undefined ? {} : { models: config.models.map(rule => rule.pattern) }),
    supportsWebSocket: config.capabilities.websocket,
    stateDomain: config.stateDomain,
    schedulable: config.enabled,
    revision: revisionOf(config),
  }
}

/** An account as the data plane knows it: where it is, with what credential, what it can do. */
export function accountAccess(config: AccountConfig): AccountAccess {
  return {
    id: config.id,
    target: {
      accountId: config.id,
      baseUrl: config.baseUrl,
      headers: credentialHeaders(config),
      headersTimeoutMs: config.headersTimeoutMs,
      idleTimeoutMs: config.idleTimeoutMs,
      allowPrivate: config.allowPrivate,
    },
    models: config.models,
    capabilities: config.capabilities,
    firstTokenTimeoutMs: config.firstTokenTimeoutMs,
  }
}

/** Azure takes its keys in `api-key` and refuses requests that carry both headers. */
function credentialHeaders({ kind, apiKey, organization, project }: AccountConfig): HeaderList {
  const headers: (readonly [string, string])[] = []
  if (apiKey !== undefined) {
    const key = apiKey.reveal()
    headers.push(kind === 'azure' ? ['api-key', key] : ['authorization', `Bearer ${key}`])
  }
  if (organization !== undefined) headers.push(['openai-organization', organization])
  if (project !== undefined) headers.push(['openai-project', project])
  return headers
}

/** Changes when the same id stands for another credential or place: what was learned of the old one is void. */
function revisionOf({ baseUrl, apiKey, organization, project }: AccountConfig): string {
  const parts = [baseUrl, apiKey?.reveal() ?? '', organization ?? '', project ?? '']
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}
