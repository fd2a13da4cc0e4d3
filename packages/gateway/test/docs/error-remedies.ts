// Prose for a page, one entry a code: longer than other files because the catalogue is.
import type { ErrorCode } from '../../src/proxy/errors/error-catalogue.ts'

/** What the page says of a code beyond the catalogue: when it comes, and what to do. */
export interface ErrorHelp {
  readonly when: string
  readonly remedy: string
}

/** Codes in the order of the page, under the headings they are looked for. The type finds a code without help. */
export const errorHelp: Readonly<Record<ErrorCode, ErrorHelp>> = {
  bad_framing: {
    when: 'The bytes on the connection are not one HTTP/1.1 request: a bad request line, two lengths, a missing Host, HTTP/2 on a plain port.',
    remedy: 'Look at the client or the proxy that wrote them. The connection is closed.',
  },
  duplicate_header: {
    when: 'A header that may come once came twice, so two readers could understand the request differently.',
    remedy: 'Send it once. A proxy in between that adds its own copy is the usual cause.',
  },
  header_too_large: {
    when: 'All header fields of the request together exceed `limits.header`.',
    remedy: 'Send fewer or shorter headers, or raise `limits.header`.',
  },
  too_many_headers: {
    when: 'The request has more header fields than `limits.headerCount`.',
    remedy: 'Send fewer, or raise `limits.headerCount`.',
  },
  headers_timeout: {
    when: 'The request head was not complete within `limits.headerTimeout`.',
    remedy: 'Look at the network between client and gateway. The connection is closed.',
  },
  body_timeout: {
    when: 'A window of `limits.bodyIdle` passed with less than 1 KiB of the body.',
    remedy: 'Send the body without long pauses.',
  },
  body_too_large: {
    when: 'The body is larger than `limits.body`, or the upload than `limits.upload`; an upload of unknown length is broken off upstream.',
    remedy: 'Send less in one request, or raise that limit.',
  },
  truncated_body: {
    when: 'The client closed its side before the announced length had come.',
    remedy: 'Look at the client. Nothing was sent upstream, or the upload was broken off there.',
  },
  unsupported_upgrade: {
    when: 'The request asks for another protocol on this connection.',
    remedy: 'Send a plain HTTP request. WebSocket is not in this version.',
  },
  unsupported_expectation: {
    when: 'The Expect header asks for something other than 100-continue.',
    remedy: 'Leave the header out.',
  },
  loop_detected: {
    when: 'Three gateways of this kind have passed the request on already.',
    remedy: 'Operator: an account’s `baseUrl` leads back to this gateway. Point it at the API.',
  },
  invalid_target: {
    when: 'The request target is a full URL, an authority or `*`.',
    remedy: 'Configure Headgate as the API’s base URL, not as a forward proxy.',
  },
  unknown_route: {
    when: 'No route has this path; the message names the nearest. Paths are compared as they come: no doubled slash is mended.',
    remedy: 'Check the base URL: it ends in `/v1`. The routes are in [http.md](http.md).',
  },
  method_not_allowed: {
    when: 'The path exists, but not with this method; the Allow header lists those it has.',
    remedy: 'Use one of them.',
  },
  list_not_supported: {
    when: 'The path would list what an account stores. Accounts are shared by clients, and ids are kept as hashes: there is nothing to list from.',
    remedy: 'Keep the ids that creating returns, and retrieve each by its id.',
  },
  endpoint_not_supported: {
    when: 'The path leads to things that are stored upstream and reached by ids which Headgate does not keep (assistants, fine-tuning, uploads in parts, ...).',
    remedy: 'Call the provider without the gateway for these.',
  },
  missing_api_key: {
    when: 'The request carries no credential.',
    remedy: 'Send `Authorization: Bearer KEY` with a key of this gateway.',
  },
  malformed_authorization: {
    when: 'The Authorization header is not `Bearer KEY` with one space.',
    remedy: 'Mend the header; a line break at the end of the key is the usual cause.',
  },
  admin_token_required: {
    when: '`/metrics` was asked for on an address others can reach, without the admin token.',
    remedy: 'Send the token as a bearer token, or set `telemetry.metricsPort`.',
  },
  admin_token_invalid: {
    when: 'A request to the admin API brought another token than `admin.token`; a client key is one of those.',
    remedy:
      'Send the token of the configuration in force. After ten wrong ones in a minute its address has to wait.',
  },
  too_many_attempts: {
    when: 'Ten wrong admin tokens came from one address within a minute. Until it is over no token of that address is looked at.',
    remedy:
      'Find who sends them: a script with an old token, or somebody who guesses. Wait for `Retry-After`.',
  },
  account_not_found: {
    when: 'The path of an admin request names an account that the configuration in force does not have.',
    remedy: 'Take the id from `GET /admin/api/accounts`.',
  },
  decision_not_found: {
    when: 'The pool is none, or the decision was overwritten: about a thousand of a pool are kept.',
    remedy: 'Look in the decision log (`telemetry.decisionLog`), which keeps them.',
  },
  reload_unavailable: {
    when: '`POST /admin/api/reload` at a gateway that runs on flags or the environment.',
    remedy: 'Start it with `--config`.',
  },
  config_rejected: {
    when: 'A reload found mistakes in the file. `problems` of the answer lists all of them, as `headgate config check` does.',
    remedy: 'Mend them and reload again.',
  },
  invalid_api_key: {
    when: 'The key belongs to no client entry. An unknown and a removed key get the same answer.',
    remedy: 'Compare it with `clients[].keys`. It is not a key of the provider.',
  },
  too_many_wrong_keys: {
    when: 'More than thirty wrong keys came from one address (of IPv6: from one /64), faster than one in two seconds. Requests with a right key are served all the same.',
    remedy:
      'Stop what sends the wrong key. Operator: behind a proxy, name it in `server.trustedProxies`, or all its clients count as one address.',
  },
  key_revoked: {
    when: 'A reload took the key, or its client, out of the configuration while the request waited or ran. As an answer of its own, or as the last event of a stream.',
    remedy: 'Use the new key. Operator: to rotate without this, reload with both keys first.',
  },
  duplicate_credentials: {
    when: 'A credential header came twice.',
    remedy: 'Send one.',
  },
  conflicting_credentials: {
    when: '`Authorization`, `api-key` and `x-api-key` hold different keys.',
    remedy: 'Send one of them.',
  },
  credentials_in_query: {
    when: 'The query string has a parameter that usually holds a credential.',
    remedy: 'Send the key in a header, and rotate this one: URLs end up in logs.',
  },
  tenant_memory: {
    when: 'The bodies that the requests of one tenant keep in memory, theirs and those of their answers, are more than that tenant leaves free in `limits.bufferedShare`. Others still get in.',
    remedy:
      'Retry after Retry-After; send fewer large bodies at once, and those quickly. Operator: [overload](../how-to/overload.md#one-tenant-cannot-take-all-the-memory).',
  },
  key_concurrency: {
    when: 'The client has as many requests in flight as `clients[].concurrency` allows.',
    remedy: 'Retry when one has ended, or raise the number.',
  },
  client_rate_limited: {
    when: 'The client’s `rates` have too few requests or tokens left in this minute; tokens are estimated from the body and the most it may put out. Its `x-ratelimit-*` headers say what is left.',
    remedy:
      'Come back after Retry-After, or ask for less output (`max_output_tokens`). Operator: raise the client’s `rates`.',
  },
  unsupported_media_type: {
    when: 'The content type is not JSON in UTF-8.',
    remedy: 'Send `Content-Type: application/json`.',
  },
  unsupported_content_encoding: {
    when: 'The body is compressed.',
    remedy: 'Send it plain.',
  },
  form_required: {
    when: 'A file is uploaded with a body that is no form, or without its boundary.',
    remedy: 'Send `multipart/form-data`, as the SDKs and `curl -F` do.',
  },
  invalid_form: {
    when: 'The form is cut, or a part is not plainly named: an upstream could read another field than was checked.',
    remedy: 'Send whole parts, each with one `Content-Disposition: form-data; name="..."`.',
  },
  duplicate_field: {
    when: 'A field that decides where the request goes comes twice in the form.',
    remedy: 'Send it once.',
  },
  empty_body: { when: 'A create without a body.', remedy: 'Send a JSON object.' },
  invalid_json: {
    when: 'The body is not valid JSON; the message names line and column.',
    remedy: 'Mend it there. Nothing was sent upstream.',
  },
  body_must_be_object: {
    when: 'The body is valid JSON, but an array, a text, a number or null.',
    remedy: 'Send an object.',
  },
  too_deep: {
    when: 'The body is nested deeper than 128 levels.',
    remedy: 'Flatten it.',
  },
  invalid_utf8: {
    when: 'The body is not UTF-8; the message names the byte.',
    remedy: 'Encode the text as UTF-8.',
  },
  duplicate_key: {
    when: 'A field that decides where the request goes is given twice: two readers could take different ones.',
    remedy: 'Give it once.',
  },
  missing_required_parameter: {
    when: 'The body lacks a field that routing needs; `param` names it.',
    remedy: 'Add it.',
  },
  invalid_type: {
    when: 'A field that routing reads has the wrong JSON type; `param` names it.',
    remedy: 'Mend it as the message says.',
  },
  invalid_value: {
    when: 'A field that routing reads has a value it cannot have; `param` names it.',
    remedy: 'Mend it as the message says.',
  },
  forbidden_parameter: {
    when: 'The body has `api_base`, `base_url`, `api_key` or `headers` at its top: proxies of some kinds obey these, and none of the APIs has them.',
    remedy: 'Leave it out. Where requests go, and with which key, is in the configuration.',
  },
  mutually_exclusive: {
    when: 'The body has both `previous_response_id` and `conversation`.',
    remedy: 'Send one.',
  },
  invalid_session_key: {
    when: 'A session header that is set on purpose is empty, longer than 512 characters or not visible ASCII.',
    remedy: 'Send a short identifier, or leave it out.',
  },
  model_not_found: {
    when: 'No account of the client’s pool serves the model; up to five near names follow.',
    remedy:
      'Client: `GET /v1/models` lists what there is. Operator: look at `accounts[].models` and the pool.',
  },
  batches_not_permitted: {
    when: 'The client has `models`, or shares the gateway with other tenants, and creates a batch: what its requests name stands in a file that passes through unread.',
    remedy:
      'Send the requests one by one. Operator: leave `models` out for clients that need batches, and set `batches: true` where a tenant’s accounts are its own, or tenants trust each other.',
  },
  pool_not_found: {
    when: 'The header `x-headgate-pool` names a pool that does not exist, or that the client may not choose; the two are not told apart.',
    remedy: 'Leave the header out, or send the name of a pool in the client’s `pools`.',
  },
  previous_response_not_found: {
    when: 'The id is unknown, expired, gone with its account, or another tenant’s. These are not told apart.',
    remedy:
      'Resend the whole input without the id. Nothing was sent upstream unless the upstream itself lost it.',
  },
  response_not_found: {
    when: 'The same, for retrieving, cancelling or deleting a response, or listing its input.',
    remedy: 'Nothing to retrieve: treat it as gone.',
  },
  conversation_not_found: {
    when: 'The same, for a conversation, in the path or in a body.',
    remedy: 'Make a new conversation, or send the whole input.',
  },
  item_not_found: {
    when: 'The same, for an item of a conversation.',
    remedy: 'List the items of the conversation: their ids are known from then on.',
  },
  chat_completion_not_found: {
    when: 'The same, for a stored chat completion. Only those made with `store: true` are stored.',
    remedy: 'Treat it as gone.',
  },
  file_not_found: {
    when: 'The same, for a file, in the path or in a body.',
    remedy: 'Upload it again through the gateway: what was uploaded past it is not known here.',
  },
  vector_store_not_found: {
    when: 'The same, for a vector store.',
    remedy: 'Make it again through the gateway.',
  },
  container_not_found: {
    when: 'The same, for a container. Containers expire upstream after some minutes without use.',
    remedy: 'Make a new one.',
  },
  batch_not_found: {
    when: 'The same, for a batch, or for a batch of files of a vector store.',
    remedy: 'Treat it as gone.',
  },
  invalid_encrypted_content: {
    when: 'The encrypted content of a reasoning or compaction item is unknown, expired, gone with its account, or another tenant’s. These are not told apart.',
    remedy: 'Resend the input without the items that hold it; a compacted conversation starts anew.',
  },
  too_many_references: {
    when: 'The body names more than 4096 different items, files, stores or encrypted contents, or has more than 65,536 members that might.',
    remedy: 'Compact the conversation, or continue it with `previous_response_id`.',
  },
  conflicting_owners: {
    when: 'Two ids of the request are stored in different state domains.',
    remedy: 'Continue one conversation at a time.',
  },
  owner_unavailable: {
    when: 'The account that stores the conversation is full, resting or ejected, and stayed so for `wait.ownerTimeout`.',
    remedy:
      'Wait as Retry-After says; the id stays valid. Operator: look at that account’s state in `/metrics`.',
  },
  queue_timeout: {
    when: 'Every eligible account stayed full for `wait.timeout`.',
    remedy: 'Retry later. Operator: add accounts or concurrency, or look for streams that hang.',
  },
  queue_full: {
    when: '`wait.max` requests of the pool were waiting already; or, with the profile `adaptive`, the wait would be longer than `wait.shed`.',
    remedy: 'Retry as Retry-After says. Operator: as for `queue_timeout`.',
  },
  accounts_cooling_down: {
    when: 'Every account that serves the model is resting or ejected, for longer than a request may wait.',
    remedy: 'Retry as Retry-After says. Operator: `headgate_account_state` says which and why.',
  },
  upstream_outage: {
    when: 'Nearly every request of the tenant for this model has failed in the last ten seconds, and only one in ten is still sent, to see when it is over.',
    remedy:
      'Retry as Retry-After says. Operator: the request log’s `attempts` say what the upstreams answer.',
  },
  accounts_rate_limited: {
    when: 'As `accounts_cooling_down`, and all of them because their upstream named a rate limit.',
    remedy: 'Retry as Retry-After says; send less or add accounts.',
  },
  no_accounts: {
    when: 'No enabled account of the pool can serve this kind of request at all.',
    remedy: 'Operator: look at `enabled`, `capabilities` and the pool’s `accounts`.',
  },
  draining: {
    when: 'The gateway is shutting down and takes nothing new.',
    remedy: 'Retry: a load balancer that watches `/ready` sends it elsewhere.',
  },
  state_unavailable: {
    when: 'The store of bindings failed, so that sending the request anywhere would be a guess, or its answer could not be told.',
    remedy: 'Operator: look at the disk under `store.path`; the log has the cause.',
  },
  gateway_overloaded: {
    when: 'The heap, the event loop or the buffered bodies are beyond their bounds (`limits.overload`), and the request is new work; or its body does not fit into `limits.bufferedShare` any more.',
    remedy: 'Retry after Retry-After. Operator: [overload](../how-to/overload.md).',
  },
  rate_limit_exceeded: {
    when: 'Every account that was tried answered with a rate limit.',
    remedy: 'Retry as Retry-After says.',
  },
  insufficient_quota: {
    when: 'The accounts that were tried have no quota or credit left. Each rests ten minutes.',
    remedy: 'Operator: pay or raise the limit at the provider.',
  },
  server_is_overloaded: {
    when: 'The upstream said that it is overloaded, and no other account answered.',
    remedy: 'Retry later.',
  },
  upstream_error: {
    when: 'The upstream answered with a 5xx status, and no other account answered.',
    remedy: 'Retry unless `x-should-retry: false` says that the gateway already has.',
  },
  upstream_failed: {
    when: 'The upstream reported a failure inside a 2xx answer.',
    remedy: 'As for `upstream_error`.',
  },
  upstream_auth: {
    when: 'The upstream refused the gateway’s own credential (401 or 403). The account rests ten minutes.',
    remedy: 'Operator: mend `apiKey`, `organization` or `project` of the account that the log names.',
  },
  upstream_unreachable: {
    when: 'No connection could be made: name, route, port, or an address that is not allowed.',
    remedy:
      'Operator: `upstreamMessage` in the request log has the reason. Private addresses need `allowPrivate: true`.',
  },
  upstream_tls: {
    when: 'The TLS handshake with the upstream failed.',
    remedy: 'Operator: certificate, name or clock.',
  },
  upstream_disconnected: {
    when: 'The upstream closed the connection before it answered.',
    remedy: 'Retry; the work may have been done.',
  },
  upstream_protocol: {
    when: 'The upstream’s bytes are not HTTP.',
    remedy: 'Operator: look at `baseUrl` and at what answers there.',
  },
  deadline_exceeded: {
    when: 'The answer was not complete within `totalTimeout` of the pool, or `limits.total`. In a stream that has begun it comes as an error event.',
    remedy: 'Split the work, or use `background: true`. Operator: raise it for models that work for long.',
  },
  upstream_timeout: {
    when: 'No head within `headersTimeout`, no bytes within `idleTimeout`, no output within `firstTokenTimeout`, or 408 or 504 from the upstream.',
    remedy: 'Retry. Operator: raise the one that is too short for the model.',
  },
  upstream_truncated: {
    when: 'The upstream’s stream ended without its end. After the commit point this comes as an error event in the stream.',
    remedy: 'Discard what came, or continue from it knowingly; then retry.',
  },
  upstream_event_too_long: {
    when: 'One event of the stream is longer than `limits.event`.',
    remedy: 'Raise `limits.event` if such events are meant.',
  },
  upstream_bad_event: {
    when: 'The data of an event in the stream is not JSON, so that a client’s parser would break on it. After the commit point this comes as an error event, in the place of that event and everything after it.',
    remedy:
      'Discard what came, then retry. Operator: look at what answers at `baseUrl`, and at the proxies before it.',
  },
  upstream_bad_content_type: {
    when: 'A 2xx answer that is neither JSON nor an event stream, or is compressed.',
    remedy: 'Operator: `baseUrl` probably leads to a web page.',
  },
  upstream_bad_response: {
    when: 'The answer is not the JSON the protocol promises; the message says how.',
    remedy: 'Operator: look at what answers at `baseUrl`.',
  },
  upstream_redirect: {
    when: 'The upstream answered with a redirect. Following it could carry the account’s key elsewhere.',
    remedy: 'Operator: put the final address into `baseUrl`.',
  },
  upstream_route_missing: {
    when: 'The upstream has no such endpoint (404 without an API error, 405 or 501).',
    remedy: 'Operator: set the account’s `capabilities`, or mend the path in `baseUrl`.',
  },
  client_closed: {
    when: 'The client left before its answer. Nobody hears this; logs and metrics do.',
    remedy: 'None needed. Many of them: the client’s timeout is shorter than the model.',
  },
  internal_error: {
    when: 'A fault of the gateway itself.',
    remedy: 'Look for the request id in the log, and report it with the stack that stands there.',
  },
}
