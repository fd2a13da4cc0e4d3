/** Who asks: the account of a key or token, or the refusal. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Account } from './accounts.ts'
import { createRecord } from './api.ts'
import { azureIncorrectKey, azureInvalidToken } from './dialects/azure.ts'
import type { DialectName } from './dialects/dialect.ts'
import { VLLM_UNAUTHORIZED } from './dialects/vllm.ts'
import { type ApiError, errorBody, incorrectKey, missingKey } from './errors.ts'
import { writeBody } from './stream/wire.ts'
import type { MockWorld } from './world.ts'

/** What a request presents. */
export type Presented =
  | { readonly kind: 'account'; readonly account: Account }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknownKey'; readonly key: string }
  | { readonly kind: 'expiredToken' }

/** Finds the account of a request by its key or Entra token; vLLM tells its health and version to anybody. */
export function identify(world: MockWorld, request: IncomingMessage): Presented {
  const key = presentedKey(request)
  if (key === null) {
    const account = /^\/(?:health|version)(?:\?|$)/.test(request.url!)
      ? findDialect(world, 'vllm')
      : undefined
    return account === undefined ? { kind: 'nothing' } : { kind: 'account', account }
  }
  const owner = world.entraTokens.ownerOf(key, world.clock.now())
  if (owner.kind === 'account') return owner
  if (owner.kind === 'expired') return { kind: 'expiredToken' }
  const account = world.accounts.byKey(key)
  return account === undefined ? { kind: 'unknownKey', key } : { kind: 'account', account }
}

/** Answers 401, as the service would whose path this is. */
export function refuseCredential(
  world: MockWorld,
  presented: Exclude<Presented, { readonly kind: 'account' }>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  world.unauthorized += 1
  const now = world.clock.now()
  const record = createRecord(request, { endpoint: 'unknown', account: null, now })
  world.log.add({ ...record, endedAt: now, status: 401 })
  const headers = ['content-type', 'application/json', 'x-request-id', world.nextId('req_')]
  request.resume()
  writeBody(response, 401, headers, refusalText(world, presented, request))
}

function refusalText(
  world: MockWorld,
  presented: Exclude<Presented, { readonly kind: 'account' }>,
  request: IncomingMessage,
): string {
  if (presented.kind === 'expiredToken') return azureInvalidToken().text!
  if (request.url!.startsWith('/openai/') && findDialect(world, 'azure') !== undefined) {
    const token = presented.kind === 'unknownKey' && presented.key.startsWith('eyJ')
    return (token ? azureInvalidToken() : azureIncorrectKey()).text!
  }
  const accounts = [...world.accounts.all()]
  if (accounts.length > 0 && accounts.every(({ profile }) => profile.dialect === 'vllm'))
    return VLLM_UNAUTHORIZED
  const error: ApiError = presented.kind === 'nothing' ? missingKey() : incorrectKey(presented.key)
  return errorBody(error)
}

function findDialect(world: MockWorld, dialect: DialectName): Account | undefined {
  return [...world.accounts.all()].find(({ profile }) => profile.dialect === dialect)
}

function presentedKey({ headers }: IncomingMessage): string | null {
  const { authorization } = headers
  if (authorization !== undefined && /^bearer /i.test(authorization))
    return authorization.slice(7).trim() || null
  const apiKey = headers['api-key']
  return typeof apiKey === 'string' && apiKey !== '' ? apiKey : null
}
