/** Microsoft Entra ID, as far as a client with client credentials sees it. */
import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Account } from '../accounts.ts'
import type { Exchange } from '../exchange.ts'
import { writeBody } from '../stream/wire.ts'
import type { MockWorld } from '../world.ts'
import { answerJson } from './owned-object.ts'

const SCOPES = ['https://ai.azure.com/.default', 'https://cognitiveservices.azure.com/.default']

/** An error as Entra ID answers it. */
export interface EntraError {
  readonly status: number
  readonly error: string
  readonly code: number
  readonly description: string
}

/** The account that a token request is for, or the error it earns. */
export function findEntraAccount(
  world: MockWorld,
  request: { readonly tenant: string; readonly form: URLSearchParams },
): Account | EntraError {
  const { tenant, form } = request
  if (form.get('grant_type') !== 'client_credentials')
    return entraError(400, 'unsupported_grant_type', 70003, 'The mock grants only client_credentials.')
  if (!SCOPES.includes(form.get('scope') ?? '')) {
    const description = `The provided value for the input parameter 'scope' is not valid. It must be one of ${SCOPES.join(', ')}.`
    return entraError(400, 'invalid_scope', 70011, description)
  }
  const clientId = form.get('client_id')
  const ofClient = [...world.accounts.all()].filter(({ profile: { dialect, entra } }) => {
    return dialect === 'azure' && entra?.clientId === clientId && (entra?.tenant ?? tenant) === tenant
  })
  if (ofClient.length === 0) {
    const description = `Application with identifier '${clientId}' was not found in the directory '${tenant}'.`
    return entraError(400, 'unauthorized_client', 700016, description)
  }
  const secret = form.get('client_secret')
  const account = ofClient.find(({ profile }) => profile.entra?.clientSecret === secret)
  const description = `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value for app '${clientId}'.`
  return account ?? entraError(401, 'invalid_client', 7000215, description)
}

/** `POST /{tenant}/oauth2/v2.0/token`, once its account is known. */
export function issueEntraToken(exchange: Exchange): void {
  const { token, expiresInSeconds } = exchange.world.entraTokens.issue(exchange.account, exchange.now())
  answerJson(exchange, {
    ...{ token_type: 'Bearer', expires_in: expiresInSeconds, ext_expires_in: expiresInSeconds },
    access_token: token,
  })
}

/** Answers an {@link EntraError}. */
export function refuseEntra(
  response: ServerResponse,
  { status, error, code, description }: EntraError,
): void {
  const text = JSON.stringify({
    ...{ error, error_description: `AADSTS${code}: ${description}`, error_codes: [code] },
    ...{ trace_id: randomUUID(), correlation_id: randomUUID() },
  })
  writeBody(response, status, ['content-type', 'application/json; charset=utf-8'], text)
}

function entraError(status: number, error: string, code: number, description: string): EntraError {
  return { status, error, code, description }
}
