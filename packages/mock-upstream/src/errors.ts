/** An error as the API answers it: HTTP status and the four fields of `{"error": {...}}`, all always present. */
export interface ApiError {
  readonly status: number
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string | null
  /** Extra response headers, flat: name, value, name, value. */
  readonly headers?: readonly string[]
  /** The body, where it is not `{"error": {...}}` with the four fields. */
  readonly text?: string
}

/** The body of an error reply. */
export function errorBody(error: Pick<ApiError, 'message' | 'type' | 'param' | 'code'>): string {
  const { message, type, param, code } = error
  return JSON.stringify({ error: { message, type, param, code } })
}

function invalid(status: number, message: string, param: string | null, code: string | null): ApiError {
  return { status, message, type: 'invalid_request_error', param, code }
}

/** 401 without any key. */
export function missingKey(): ApiError {
  return invalid(
    401,
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    null,
    null,
  )
}

/** 401 for an unknown key. Like the real one it repeats both ends of the key, which a gateway has to scrub. */
export function incorrectKey(key: string): ApiError {
  const shown = key.length <= 8 ? key : `${key.slice(0, 3)}${'*'.repeat(8)}${key.slice(-4)}`
  return invalid(
    401,
    `Incorrect API key provided: ${shown}. You can find your API key at https://platform.openai.com/account/api-keys.`,
    null,
    'invalid_api_key',
  )
}

/** 400 for a body that is not a JSON object. */
export function unparsableBody(): ApiError {
  return invalid(
    400,
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
    null,
    null,
  )
}

/** 413 for a body above the mock's bound. */
export function bodyTooLarge(limitBytes: number): ApiError {
  return invalid(413, `Request body is larger than ${limitBytes} bytes.`, null, null)
}

/** 400 for an upload that is not a form, or whose form does not end. */
export function notAForm(): ApiError {
  const message = 'The body must be multipart/form-data, with the boundary that its content-type names.'
  return invalid(400, message, null, null)
}

/** 400 for a required field that is absent. */
export function missingParameter(name: string): ApiError {
  return invalid(400, `Missing required parameter: '${name}'.`, name, 'missing_required_parameter')
}

/** 400 for a field of the wrong type; `expected` reads like "a string". */
export function invalidType(name: string, expected: string): ApiError {
  return invalid(400, `Invalid type for '${name}': expected ${expected}.`, name, 'invalid_type')
}

/** 400 for a field with a value that cannot be. */
export function invalidValue(name: string, message: string): ApiError {
  return invalid(400, `Invalid value for '${name}': ${message}`, name, 'invalid_value')
}

/** 404 for a model that the account does not serve. */
export function modelNotFound(model: string): ApiError {
  const message = `The model \`${model}\` does not exist or you do not have access to it.`
  return invalid(404, message, null, 'model_not_found')
}

/** 400 for a chain that this account does not know. */
export function previousResponseNotFound(id: string): ApiError {
  const message = `Previous response with id '${id}' not found.`
  return invalid(400, message, 'previous_response_id', 'previous_response_not_found')
}

/** 404 for a response id that this account did not make, or has forgotten. */
export function responseNotFound(id: string): ApiError {
  return invalid(404, `Response with id '${id}' not found.`, null, null)
}

/** 404 for a path the API does not have. */
export function unknownUrl(method: string, path: string): ApiError {
  return invalid(404, `Invalid URL (${method} ${path})`, null, null)
}

/** 405 for a path with another method. */
export function methodNotAllowed(method: string, path: string): ApiError {
  return invalid(405, `Not allowed to ${method} on ${path}.`, null, 'method_not_supported')
}

/** 429 for one generation more than the account's `concurrency`. */
export function concurrencyExceeded(limit: number): ApiError {
  return {
    status: 429,
    message: `Too many concurrent requests: this account serves ${limit} at once. Wait for one to end.`,
    type: 'requests',
    param: null,
    code: 'rate_limit_exceeded',
    headers: ['retry-after', '1', 'retry-after-ms', '1000'],
  }
}
