/** Whether trying again can help: never, once the time in Retry-After has passed, or the client must judge. */
export type RetryAdvice = 'never' | 'later' | 'default'

/** One entry of the catalogue: what a code means on the wire. */
export interface ErrorEntry {
  readonly status: number
  readonly type: string
  /** Text with `{name}` places, filled with cleaned and shortened values. */
  readonly message: string
  readonly retry: RetryAdvice
}

const entry = (
  status: number,
  type: string,
  message: string,
  retry: RetryAdvice = 'default',
): ErrorEntry => ({
  status,
  type,
  message,
  retry,
})

const invalid = (message: string, status = 400): ErrorEntry => entry(status, 'invalid_request_error', message)
const unauthenticated = (message: string): ErrorEntry => entry(401, 'authentication_error', message)
const unavailable = (message: string): ErrorEntry => entry(503, 'service_unavailable_error', message, 'later')
const upstream = (status: number, message: string, retry?: RetryAdvice): ErrorEntry =>
  entry(status, 'upstream_error', message, retry)

/**
 * Every error the gateway itself answers with. The code is stable and is the anchor of its paragraph in the
 * error reference; message texts may change.
 */
export const errorCatalogue = {
  // The HTTP message itself.
  bad_framing: invalid('The request is not well-formed HTTP/1.1: {detail}.'),
  duplicate_header: invalid('The header {header} came more than once. Send it once.'),
  header_too_large: invalid(
    'The request head is larger than {limit} bytes. Send fewer or shorter headers.',
    431,
  ),
  too_many_headers: invalid('The request has more than {limit} header fields. Send fewer.', 431),
  headers_timeout: entry(408, 'invalid_request_error', 'The request head did not arrive within {limit} ms.'),
  body_timeout: entry(408, 'invalid_request_error', 'The request body did not arrive within {limit} ms.'),
  body_too_large: invalid(
    'The request body is larger than max_bytes = {limit}. Send less in one request.',
    413,
  ),
  truncated_body: invalid('The request body ended before its announced length.'),
  unsupported_upgrade: invalid('This path cannot be upgraded to {protocol}. Send a plain HTTP request.'),
  unsupported_expectation: invalid('The only expectation served is 100-continue.', 417),
  loop_detected: entry(
    508,
    'invalid_request_error',
    'The request passed through {hops} gateways: an account points back at one of them.',
    'never',
  ),

  // The route.
  invalid_target: invalid('The request target must be a path that begins with "/", not a full URL.'),
  unknown_route: invalid('There is no {method} {path} here. The nearest route is {nearest}.', 404),
  method_not_allowed: invalid('{path} does not serve {method}. It serves {allow}.', 405),
  list_not_supported: entry(
    501,
    'invalid_request_error',
    'GET {path} is not served: it would list what all clients of an account store. Keep the ids you create, and retrieve each.',
    'never',
  ),
  endpoint_not_supported: entry(
    501,
    'invalid_request_error',
    '{family} is not served: what it stores could not be kept apart between clients. Served are responses, conversations, chat, files, batches, vector stores, containers, and every POST that names a model.',
    'never',
  ),

  // The credential.
  missing_api_key: unauthenticated(
    'No API key was given. Send it in the header "Authorization: Bearer YOUR_KEY" (or "api-key: YOUR_KEY").',
  ),
  malformed_authorization: unauthenticated(
    'The Authorization header is malformed. Its form is "Bearer YOUR_KEY", with one space.',
  ),
  admin_token_required: unauthenticated(
    'This needs the admin token (admin.token of the configuration) as a bearer token.',
  ),
  admin_token_invalid: unauthenticated('This is not the admin token.'),
  too_many_attempts: entry(
    429,
    'rate_limit_error',
    'More than {limit} wrong tokens came from this address within a minute.',
    'later',
  ),

  // The admin API.
  account_not_found: invalid('The configuration has no account "{id}".', 404),
  decision_not_found: invalid('No decision {id} of a pool "{pool}" is in memory.', 404),
  reload_unavailable: invalid('This gateway was started without a configuration file to read again.', 409),
  config_rejected: invalid(
    'The configuration file has {count} problems; the previous configuration stays in use.',
    422,
  ),
  invalid_api_key: unauthenticated('The API key is not valid here. Check it with whoever runs this gateway.'),
  too_many_wrong_keys: entry(
    429,
    'rate_limit_error',
    'Too many wrong API keys came from this address. Retry later, with a right one.',
    'later',
  ),
  key_revoked: unauthenticated('This API key was revoked while the request ran.'),
  duplicate_credentials: invalid('The header {header} came more than once. Send one credential.'),
  conflicting_credentials: invalid('{first} and {second} hold different keys. Send one credential.'),
  credentials_in_query: invalid(
    'A credential in the query string ({name}) ends up in logs. Send it in the Authorization header.',
  ),
  key_concurrency: entry(
    429,
    'rate_limit_error',
    'This client has {limit} requests under way, its limit. Retry when one has ended.',
    'later',
  ),

  tenant_memory: entry(
    429,
    'rate_limit_error',
    'The requests of your tenant that are under way keep as much in memory as one tenant may now. Retry when one has ended.',
    'later',
  ),

  client_rate_limited: entry(
    429,
    'rate_limit_error',
    'This client may use {limit} {what} a minute, and has too few left for this one. Retry later.',
    'later',
  ),

  // The body.
  unsupported_media_type: invalid(
    'The content type must be application/json in UTF-8; this was {given}.',
    415,
  ),
  unsupported_content_encoding: invalid(
    'Request bodies with content-encoding {given} are not decoded. Send the body plain.',
    415,
  ),
  form_required: invalid(
    'An upload must be multipart/form-data with a boundary; its content type was {given}.',
    415,
  ),
  invalid_form: invalid('The multipart/form-data body cannot be read without doubt: {detail}.'),
  duplicate_field: invalid('The form has the field "{param}" twice. Send it once.'),
  empty_body: invalid('The request body is empty. Send a JSON object.'),
  invalid_json: invalid('The request body is not valid JSON at line {line}, column {column}: {detail}.'),
  body_must_be_object: invalid('The request body must be a JSON object, not {given}.'),
  too_deep: invalid(
    'The request body is nested deeper than {limit} levels, at line {line}, column {column}.',
  ),
  invalid_utf8: invalid('The request body is not valid UTF-8, first at byte {offset}.'),
  duplicate_key: invalid('"{param}" is given twice, again at line {line}, column {column}. Give it once.'),
  missing_required_parameter: invalid('"{param}" is required and must be {expected}.'),
  invalid_type: invalid('"{param}" must be {expected}; it is {given}.'),
  invalid_value: invalid('"{param}" must be {expected}.'),
  forbidden_parameter: invalid(
    '"{param}" would lead a request past the accounts of this gateway. Leave it out: the operator decides where requests go.',
  ),
  mutually_exclusive: invalid('"previous_response_id" and "conversation" cannot be used together. Send one.'),
  invalid_session_key: invalid('The header {header} must be 1 to {limit} visible ASCII characters.'),

  // What the request names.
  model_not_found: invalid(
    'The model "{model}" does not exist or is not available to this key.{hint}{nearest}',
    404,
  ),
  batches_not_permitted: invalid(
    'This key may not create batches: what their files name, models and ids, is not read here. Send the requests one by one.',
    403,
  ),
  pool_not_found: invalid('The pool "{pool}" does not exist or is not available to this key.', 404),
  previous_response_not_found: invalid(
    'The previous response was not found. It may have expired or belong to someone else: resend the whole input.',
  ),
  response_not_found: invalid("Response with id '{id}' not found.", 404),
  conversation_not_found: invalid("Conversation with id '{id}' not found.", 404),
  item_not_found: invalid("Item with id '{id}' not found.", 404),
  chat_completion_not_found: invalid("Chat completion with id '{id}' not found.", 404),
  file_not_found: invalid('No such File object: {id}', 404),
  vector_store_not_found: invalid("Vector store with id '{id}' not found.", 404),
  container_not_found: invalid("Container with id '{id}' not found.", 404),
  batch_not_found: invalid("No batch found with id '{id}'.", 404),
  invalid_encrypted_content: invalid(
    'The encrypted content could not be verified. It may have expired or belong to someone else: resend the input without it.',
  ),
  too_many_references: invalid(
    'The request names more than {limit} items, files or encrypted contents. Compact the conversation, or send less of it.',
  ),
  conflicting_owners: invalid(
    'The ids in this request are stored in different places and cannot be combined.',
  ),

  // Waiting and capacity.
  owner_unavailable: unavailable('What stores this conversation is not available now. Retry later.'),
  queue_timeout: unavailable('No account became free in time. Retry later.'),
  queue_full: entry(
    429,
    'rate_limit_error',
    'Too many requests are waiting for an account. Retry later.',
    'later',
  ),
  accounts_cooling_down: unavailable('Every account that serves this model is recovering. Retry later.'),
  upstream_outage: unavailable('Nearly everything fails upstream for this model at the moment. Retry later.'),
  accounts_rate_limited: entry(
    429,
    'rate_limit_error',
    'Every account that serves this model is rate limited. Retry later.',
    'later',
  ),
  no_accounts: entry(503, 'service_unavailable_error', 'No account can serve this request{needs}.', 'never'),
  draining: unavailable('This gateway is shutting down. Retry: another one will answer.'),
  state_unavailable: unavailable('The store of conversation state does not answer. Retry later.'),
  gateway_overloaded: unavailable('The gateway is overloaded and takes no new work now. Retry later.'),

  deadline_exceeded: entry(
    504,
    'server_error',
    'The answer was not complete within {limit} ms of the request. Ask for less at once, or in the background.',
    'never',
  ),

  // What an upstream did.
  rate_limit_exceeded: entry(429, 'rate_limit_error', 'The upstream is rate limited. Retry later.'),
  insufficient_quota: entry(429, 'insufficient_quota', 'The upstream account has no quota left.', 'never'),
  server_is_overloaded: entry(503, 'service_unavailable_error', 'The upstream is overloaded. Retry later.'),
  upstream_error: upstream(502, 'The upstream failed with status {status}.'),
  upstream_failed: upstream(502, 'The upstream reported a failure ({code}).'),
  upstream_auth: upstream(
    502,
    'The upstream refused the gateway. The operator has to mend its account.',
    'never',
  ),
  upstream_unreachable: upstream(502, 'No connection to the upstream could be made.'),
  upstream_tls: upstream(502, 'The TLS connection to the upstream failed.', 'never'),
  upstream_disconnected: upstream(502, 'The upstream closed the connection without an answer.'),
  upstream_protocol: upstream(502, 'The upstream broke the HTTP protocol.'),
  upstream_timeout: upstream(504, 'The upstream did not answer in time.'),
  upstream_truncated: upstream(502, 'The upstream ended its answer before it was complete.'),
  upstream_event_too_long: upstream(502, 'The upstream sent an event longer than {limit} bytes.'),
  upstream_bad_event: upstream(502, 'The upstream sent an event whose data is not valid JSON.'),
  upstream_bad_content_type: upstream(502, 'The upstream answered with content type {given}.', 'never'),
  upstream_bad_response: upstream(502, 'The upstream sent an answer that cannot be read: {detail}.'),
  upstream_redirect: upstream(
    502,
    'The upstream answered with a redirect, which is never followed.',
    'never',
  ),
  upstream_route_missing: upstream(502, 'The upstream does not serve this endpoint.', 'never'),

  client_closed: entry(499, 'invalid_request_error', 'The client closed the connection.', 'never'),
  internal_error: entry(500, 'server_error', 'The gateway failed. The request id leads to its log.', 'never'),
} as const satisfies Record<string, ErrorEntry>

/** The stable codes of the gateway's own errors. */
export type ErrorCode = keyof typeof errorCatalogue
