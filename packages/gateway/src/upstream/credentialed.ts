import { CredentialError, type CredentialSource, type HeaderField } from '../wire/credential-source.ts'
import type { HeaderList } from '../wire/header-list.ts'
import type {
  Upstream,
  UpstreamExchange,
  UpstreamFault,
  UpstreamListener,
  UpstreamRequest,
} from '../wire/upstream.ts'

/**
 * Adds the credential of accounts whose credential changes. A request of any other account passes at the cost of one
 * comparison; one with a token at hand is sent at once, without a promise.
 */
export function withCredentials(upstream: Upstream): Upstream {
  return {
    send(request, listener) {
      const { credential } = request.target
      if (credential === undefined) return upstream.send(request, listener)
      return new CredentialedExchange(upstream, { request, listener, credential })
    },
    retain: accountIds => upstream.retain(accountIds),
    close: options => upstream.close(options),
  }
}

interface Errand {
  readonly request: UpstreamRequest
  readonly listener: UpstreamListener
  readonly credential: CredentialSource
}

/**
 * One exchange with a credential that may be renewed: a 401 is answered once with the same request and a fresh
 * credential, before the listener has heard anything; the second one is the listener's. Only while the body can be
 * sent again.
 */
class CredentialedExchange implements UpstreamExchange, UpstreamListener {
  readonly #upstream: Upstream
  readonly #errand: Errand
  #inner: UpstreamExchange | undefined
  #sent: HeaderField | undefined
  #renewed = false
  #paused = false
  #over = false

  constructor(upstream: Upstream, errand: Errand) {
    this.#upstream = upstream
    this.#errand = errand
    const field = errand.credential.header()
    if (field instanceof Promise) this.#await(field)
    else this.#send(field)
  }

  pause(): void {
    this.#paused = true
    this.#inner?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#inner?.resume()
  }

  abort(): void {
    this.#over = true
    this.#inner?.abort()
  }

  head(status: number, headers: HeaderList): void {
    const renewal = status === 401 ? this.#renewal() : undefined
    if (renewal === undefined) {
      this.#errand.listener.head(status, headers)
      return
    }
    this.#inner?.abort()
    this.#inner = undefined
    this.#await(renewal)
  }

  data(chunk: Uint8Array): void {
    this.#errand.listener.data(chunk)
  }

  end(): void {
    this.#over = true
    this.#errand.listener.end()
  }

  fault(fault: UpstreamFault, progress: { readonly requestSent: boolean }): void {
    this.#over = true
    this.#errand.listener.fault(fault, progress)
  }

  #renewal(): Promise<HeaderField> | undefined {
    const { request, credential } = this.#errand
    if (this.#renewed || this.#sent === undefined || !canBeRepeated(request.body)) return undefined
    this.#renewed = true
    return credential.renewed(this.#sent)
  }

  #await(field: Promise<HeaderField>): void {
    const failed = (fault: UpstreamFault): void => {
      // A request that was refused has not been served: as good as not sent.
      if (!this.#over) this.fault(fault, { requestSent: false })
    }
    field
      .then(
        found => {
          if (!this.#over) this.#send(found)
        },
        (error: unknown) => {
          const detail = 'the credential cannot be had'
          failed(error instanceof CredentialError ? error.fault : { kind: 'auth', detail })
        },
      )
      // Nobody up there hears what is thrown by now, and an unheard rejection ends the process.
      .catch(() => failed({ kind: 'protocol', detail: 'the request cannot be sent' }))
  }

  #send(field: HeaderField): void {
    const { request } = this.#errand
    this.#sent = field
    const inner = this.#upstream.send({ ...request, headers: [...request.headers, field] }, this)
    this.#inner = inner
    if (this.#paused) inner.pause()
  }
}

/** Bytes at hand; a stream is gone once it was read. */
function canBeRepeated(body: UpstreamRequest['body']): boolean {
  return body === null || body instanceof Uint8Array || Array.isArray(body)
}
