/** One table; longer than other files because the table is the point. */
import { badModel, notFound, relayed } from './answers.ts'
import type { Row } from './suite.ts'
import { body, good, join, object, post } from './wire.ts'

const because = 'it decides nothing about the route, so it is the upstream’s to judge'

/** Text that is not one JSON object in UTF-8. */
const texts: readonly Row[] = [
  { input: 'no body', send: body(''), status: 400, code: 'empty_body', says: ['Send a JSON object'] },
  { input: 'a blank body', send: body(' \r\n\t'), status: 400, code: 'empty_body' },
  {
    input: 'half a body',
    send: body('{\n  "model":'),
    status: 400,
    code: 'invalid_json',
    says: ['line 2, column 11'],
  },
  ...['[]', '"x"', 'null', '1'].map(
    (content): Row => ({
      input: `${content} at the top`,
      send: body(content),
      status: 400,
      code: 'body_must_be_object',
      says: ['JSON object'],
    }),
  ),
  {
    input: 'a million nested arrays',
    send: body(`{"model":"gpt-5.1","input":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`),
    status: 400,
    code: 'too_deep',
    says: ['128 levels', 'line 1'],
  },
  {
    input: 'invalid UTF-8',
    send: body(join('{"model":"gpt-5.1","input":"', new Uint8Array([0xff, 0xfe]), '"}')),
    status: 400,
    code: 'invalid_utf8',
    says: ['byte 28'],
  },
  {
    input: 'a byte order mark',
    send: body(`\ufeff${good()}`),
    status: 200,
    upstream: { body: good() },
    because: 'it says what is known anyway, and some clients cannot leave it out',
  },
  {
    input: 'something after the object',
    send: body(`${good()} {}`),
    status: 400,
    code: 'invalid_json',
    says: ['line 1, column 33'],
  },
  {
    input: 'two models',
    send: body('{"model":"gpt-5.1","input":"x",\n"model":"gpt-4o"}'),
    status: 400,
    code: 'duplicate_key',
    param: 'model',
    says: ['"model"', 'line 2, column 1', 'Give it once'],
  },
  {
    input: 'two models, one of them escaped',
    send: body('{"model":"gpt-5.1","input":"x","mod\\u0065l":"gpt-4o"}'),
    status: 400,
    code: 'duplicate_key',
    param: 'model',
  },
]

/** A body that goes on byte for byte, and what the upstream says of it. */
const passedOn = (input: string, content: string, answer: Partial<Row> = {}): Row => ({
  input,
  send: body(content),
  status: 200,
  because,
  ...answer,
  upstream: { body: content },
})
const chat = (input: string, fields: object, answer: Partial<Row> = {}): Row => {
  const content = JSON.stringify({ model: 'gpt-5.1', ...fields })
  return { ...passedOn(input, content, answer), send: post('/v1/chat/completions', content) }
}
const hello = [{ role: 'user', content: 'x' }]

/** What reads like a fault and is not one here: the text goes on as it came. */
const relays: readonly Row[] = [
  passedOn('half a surrogate pair', '{"model":"gpt-5.1","input":"\\ud800"}'),
  passedOn(
    'members named after what every object has',
    '{"model":"gpt-5.1","input":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  ),
  passedOn(
    'numbers that no double holds',
    '{"model":"gpt-5.1","input":"x","metadata":{"a":1e999,"b":-0,"c":9007199254740993}}',
  ),
  chat('a chat without messages', {}, relayed),
  chat('no messages in a list', { messages: [] }, relayed),
  chat('messages that are no list', { messages: 'x' }, relayed),
  chat('ten thousand messages', { messages: Array(10_000).fill(hello[0]) }),
  chat('an unknown role', { messages: [{ role: 'wizard', content: 'x' }] }),
  chat('content of another type', { messages: [{ role: 'user', content: 5 }] }),
  ...[-1, 1.5, '5', 1e12].map(max =>
    chat(`max_tokens ${JSON.stringify(max)}`, { messages: hello, max_tokens: max }),
  ),
  chat('a temperature of 3', { messages: hello, temperature: 3 }),
  passedOn('a temperature that is text', good({ temperature: 'NaN' })),
  passedOn('no input', '{"model":"gpt-5.1"}', relayed),
  chat('a thousand answers at once', { messages: hello, n: 1000 }),
  ...['file:///etc/passwd', 'http://169.254.169.254/latest/meta-data/', 'http://127.0.0.1:1/'].map(url =>
    passedOn(
      `an image at ${url}`,
      good({ input: [{ role: 'user', content: [{ type: 'input_image', image_url: url }] }] }),
      { because: 'nothing that a body names is ever fetched here' },
    ),
  ),
  passedOn(
    'a pattern that takes for ever to match, in the schema of a tool',
    good({
      tools: [
        { type: 'function', name: 'f', parameters: { properties: { a: { pattern: '^(a+)+$' } } } },
        { type: 'function', name: 'g', parameters: { default: `${'a'.repeat(40)}!` } },
      ],
    }),
    { because: 'no pattern of a client is ever compiled' },
  ),
  passedOn('a tool whose name is 500 KB', good({ tools: [{ type: 'function', name: 'x'.repeat(500_000) }] })),
  passedOn('ten thousand tools', good({ tools: Array(10_000).fill({ type: 'function', name: 'x' }) })),
  passedOn(
    'metadata of a thousand keys',
    good({ metadata: Object.fromEntries(Array.from({ length: 1000 }, (_, key) => [`k${key}`, 'v'])) }),
  ),
  passedOn(
    'a hundred thousand members with whole numbers for names',
    `{"model":"gpt-5.1","input":"x","metadata":{${Array.from({ length: 100_000 }, (_, key) => `"${key}":0`)}}}`,
  ),
  passedOn('a cache key of a megabyte', good({ prompt_cache_key: 'k'.repeat(1_000_000) }), {
    because: 'it gives no affinity; whether it is a key is the upstream’s to judge',
  }),
]

/** The fields that decide where a request goes. */
const fields: readonly Row[] = [
  { input: 'no model', send: body('{"input":"x"}'), code: 'missing_required_parameter', ...badModel },
  { input: 'an empty model', send: object({ model: '' }), code: 'invalid_value', ...badModel },
  {
    input: 'a model of 10 KB',
    send: object({ model: 'm'.repeat(10_240) }),
    code: 'invalid_value',
    ...badModel,
  },
  { input: 'a number for a model', send: object({ model: 5 }), code: 'invalid_type', ...badModel },
  { input: 'an array for a model', send: object({ model: [] }), code: 'invalid_type', ...badModel },
  {
    input: 'control characters in a model',
    send: object({ model: 'gpt\n5' }),
    code: 'invalid_value',
    ...badModel,
  },
  {
    input: 'a model nobody serves',
    send: object({ model: 'gpt-5.2' }),
    status: 404,
    code: 'model_not_found',
    param: 'model',
    says: ['"gpt-5.2"', 'The nearest names: gpt-5.1, '],
  },
  {
    input: 'a model of another pool',
    send: object({ model: 'gpt-5.1-hidden' }),
    status: 404,
    code: 'model_not_found',
    param: 'model',
    says: ['does not exist or is not available to this key', 'gpt-5.1-mini'],
  },
  ...['true', 1].map(
    (stream): Row => ({
      input: `stream: ${JSON.stringify(stream)}`,
      send: object({ stream }),
      status: 400,
      code: 'invalid_type',
      param: 'stream',
      says: ['"stream" must be true or false'],
    }),
  ),
  ...['api_base', 'base_url', 'api_key', 'headers'].map(
    (name): Row => ({
      input: `${name} in the body, which some upstreams obey`,
      send: object({ [name]: 'http://169.254.169.254/' }),
      status: 400,
      code: 'forbidden_parameter',
      param: name,
      says: [`"${name}"`, 'Leave it out'],
    }),
  ),
  {
    input: 'an image of three megabytes in its own URL',
    send: object({ input: `data:image/png;base64,${'A'.repeat(3_000_000)}` }),
    status: 413,
    code: 'body_too_large',
    says: ['max_bytes = 2097152'],
    connection: 'closes',
  },
  ...['', 'x'.repeat(513), 'é'].map(
    (value): Row => ({
      input: `a session of ${value.length} characters in a header${value === 'é' ? ', not all of them visible ASCII' : ''}`,
      send: body(good(), `X-Session-Id: ${value}`),
      status: 400,
      code: 'invalid_session_key',
      says: ['x-session-id', '1 to 512 visible ASCII'],
    }),
  ),
]

/** What the request continues. */
const continuations: readonly Row[] = [
  {
    input: 'a previous response that never was',
    send: object({ previous_response_id: 'resp_0123456789abcdef' }),
    ...notFound,
    says: ['resend the whole input'],
  },
  {
    input: 'a previous response of another tenant',
    send: async target => {
      const made = await target.fetch('/v1/responses', {
        client: 'neighbour',
        json: { model: 'gpt-5.1', input: 'x' },
      })
      const { id } = (await made.json()) as { id: string }
      return await object({ previous_response_id: id })(target)
    },
    ...notFound,
    says: ['resend the whole input'],
  },
  {
    input: 'a previous response that was not stored',
    send: async target => {
      const made = await target.fetch('/v1/responses', {
        json: { model: 'gpt-5.1', input: 'x', store: false },
      })
      const { id } = (await made.json()) as { id: string }
      return await object({ previous_response_id: id })(target)
    },
    ...notFound,
  },
  ...['msg_0123', '', '../../etc', 'r'.repeat(10_240), 'resp_\u0000', 'resp_\n\ndata: x'].map(
    (id): Row => ({
      input: `the previous response ${JSON.stringify(id.slice(0, 20))}`,
      send: object({ previous_response_id: id }),
      ...notFound,
    }),
  ),
  ...[5, {}].map(
    (id): Row => ({
      input: `the previous response ${JSON.stringify(id)}`,
      send: object({ previous_response_id: id }),
      status: 400,
      code: 'invalid_type',
      param: 'previous_response_id',
      says: ['the id of a response'],
    }),
  ),
  {
    input: 'a response and a conversation',
    send: object({ previous_response_id: 'resp_1', conversation: 'conv_1' }),
    status: 400,
    code: 'mutually_exclusive',
    param: 'previous_response_id',
    says: ['Send one'],
  },
]

/** Everything about a JSON body and its fields. */
export const jsonRows: readonly Row[] = [...texts, ...relays, ...fields, ...continuations]
