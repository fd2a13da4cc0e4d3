import { Counter, Gauge, type Registry } from 'prom-client'

/** What is shown of an account's tokens. */
export interface TokenReading {
  /** 0: there is none. */
  readonly validForMs: number
  readonly fetches: { readonly ok: number; readonly failed: number }
}

/** Shows the accounts that live on tokens, read when the page is fetched. */
export function showTokens(registry: Registry, read: () => ReadonlyMap<string, TokenReading>): void {
  const registers = [registry]
  new Gauge({
    name: 'headgate_account_token_valid_seconds',
    help: 'How long the token at hand is still good; 0 when there is none.',
    labelNames: ['account'],
    registers,
    collect() {
      this.reset()
      for (const [account, { validForMs }] of read()) this.set({ account }, validForMs / 1000)
    },
  })
  new Counter({
    name: 'headgate_account_token_fetches_total',
    help: 'Tokens asked for, by how that ended: ok or failed.',
    labelNames: ['account', 'result'],
    registers,
    collect() {
      this.reset()
      for (const [account, { fetches }] of read()) {
        this.inc({ account, result: 'ok' }, fetches.ok)
        this.inc({ account, result: 'failed' }, fetches.failed)
      }
    },
  })
}
