import type { Exchange } from '../exchange.ts'

/** `GET /health`: 200 without a body. */
export function answerHealth(exchange: Exchange): void {
  exchange.json(200, '')
}

/** `GET /version`. */
export function answerVersion(exchange: Exchange): void {
  exchange.json(200, '{"version":"0.11.0"}')
}
