import type { BodyStream } from './body-stream.ts'
import type { CredentialSource } from './credential-source.ts'
import type { HeaderList } from './header-list.ts'

/** Where and with what a request is sent: one account's origin, credential and patience. */
export interface UpstreamTarget {
  readonly accountId: string
  /** Ends without a slash; the path below is appended. */
  readonly baseUrl: string
  /** The credential header of this account, e.g. `['authorization', 'Bearer ...']`, and others of its own. */
  readonly headers: HeaderList
  /** Adds a field that is renewed now and then. */
  readonly credential?: CredentialSource | undefined
  readonly headersTimeoutMs: number
  /** Longest silence between two chunks of a body. */
  readonly idleTimeoutMs: number
  /**
   * Lets this account's host resolve to loopback, private and other internal addresses. Default false: a host that
   * does is refused before a connection is made.
   */
  readonly allowPrivate?: boolean
  /** Longest time for each of TCP, the proxy's answer and TLS. Default: the client's own. */
  readonly connectTimeoutMs?: number | undefined
  /** Every connection is a tunnel through this proxy; `allowPrivate` then judges the proxy's address. */
  readonly proxy?: EgressProxy | undefined
  readonly tls?: UpstreamTls | undefined
}

/** An HTTP proxy that opens tunnels (CONNECT). */
export interface EgressProxy {
  /** `http://host:port`, or `https://` for TLS to the proxy itself. */
  readonly origin: string
  /** The whole value of `proxy-authorization`. */
  readonly authorization?: string | undefined
}

/** How an account speaks TLS, all PEM. */
export interface UpstreamTls {
  /** Trusted instead of the system's authorities, by the upstream and by a proxy that speaks TLS. */
  readonly ca?: string | undefined
  /** What the gateway shows of itself, to the upstream only. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name to ask for and to check, where it is not the host of `baseUrl`. */
  readonly serverName?: string | undefined
}

export interface UpstreamRequest {
  readonly target: UpstreamTarget
  readonly method: string
  /** Below `baseUrl`, beginning with a slash, query included. */
  readonly path: string
  /** Already filtered by the allow-list; the target's own are added by the client. */
  readonly headers: HeaderList
  /** A stream is sent as it arrives; the time to the response's head then counts from its end. */
  readonly body: Uint8Array | readonly Uint8Array[] | BodyStream | null
}

/** What went wrong between the gateway and an upstream, before any HTTP status could say it. */
export type UpstreamFault =
  | { readonly kind: 'connect'; readonly detail: string }
  | { readonly kind: 'tls'; readonly detail: string }
  /** Whoever gives out the account's tokens gives none, and will not. */
  | { readonly kind: 'auth'; readonly detail: string }
  | { readonly kind: 'headers_timeout' }
  | { readonly kind: 'idle_timeout' }
  | { readonly kind: 'closed'; readonly detail: string }
  | { readonly kind: 'protocol'; readonly detail: string }

/**
 * Hears one upstream exchange. Order: `head` at most once, then `data` any number of times, then exactly one of
 * `end` and `fault`; nothing at all after `abort`. Details never hold a credential.
 */
export interface UpstreamListener {
  head(status: number, headers: HeaderList): void
  data(chunk: Uint8Array): void
  end(): void
  /** `requestSent`: bytes of the request may have reached the upstream. */
  fault(fault: UpstreamFault, progress: { readonly requestSent: boolean }): void
}

/** One exchange under way. */
export interface UpstreamExchange {
  /** Stops reading, so that the upstream feels the client's pace. */
  pause(): void
  resume(): void
  /** Ends the exchange and its socket; the listener hears nothing more. Idempotent. */
  abort(): void
}

/** Sends requests upstream. Redirects are never followed; a body is never decoded. */
export interface Upstream {
  send(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange
  /** After a reload: closes the idle sockets of every account that is not named here. */
  retain(accountIds: ReadonlySet<string>): void
  /**
   * Closes idle sockets and takes no more requests. Running exchanges go on for `timeoutMs` (default 0); what still
   * runs then is aborted, and its listener hears a fault. Calling it again with a shorter time forces earlier.
   */
  close(options?: { readonly timeoutMs: number }): Promise<void>
}
