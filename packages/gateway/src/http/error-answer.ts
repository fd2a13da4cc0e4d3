import { type ServerResponse, STATUS_CODES } from 'node:http'
import { errorBody, errorHeaders, type GatewayError } from '../proxy/errors/errors.ts'
import { newRequestId } from '../wire/request-id.ts'

/**
 * Answers a request that never became one for the pipeline, and gives the connection up: what follows on it
 * cannot be trusted to begin where this side believes.
 */
export function refuseWith(
  response: ServerResponse,
  error: GatewayError,
  requestId: string = newRequestId(),
): void {
  const body = errorBody(error, requestId)
  response.shouldKeepAlive = false
  response.writeHead(error.status, errorHeaders(error, requestId, body.length).flat())
  response.end(body)
}

/** The same as bytes, for a socket whose parser has given up and which has no response object. */
export function rawErrorAnswer(error: GatewayError, requestId: string): Uint8Array {
  const body = errorBody(error, requestId)
  let head = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}\r\n`
  for (const [name, value] of errorHeaders(error, requestId, body.length)) head += `${name}: ${value}\r\n`
  return Buffer.concat([Buffer.from(`${head}connection: close\r\n\r\n`, 'latin1'), body])
}
