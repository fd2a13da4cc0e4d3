import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bindsNothing } from '../ownership/binds.ts'
import { ChatTap } from './chat-tap.ts'
import { lastEventEnd } from './event-boundary.ts'
import { isEventData } from './event-data.ts'
import { ResponsesTap } from './responses-tap.ts'
import type { StreamTap } from './stream-tap.ts'

const maxEventBytes = 1 << 20
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const event = (data: object & { type: string }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
const bare = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`

const created = event({ type: 'response.created', response: { id: 'resp_1' } } as never)
const inProgress = event({ type: 'response.in_progress', response: { id: 'resp_1' } } as never)
const item = event({ type: 'response.output_item.added', item: { id: 'msg_1' } } as never)
const delta = event({ type: 'response.output_text.delta', delta: 'é😀', sequence_number: 4 } as never)
const usage = { input_tokens: 9, input_tokens_details: { cached_tokens: 4 }, output_tokens: 2 }
const completed = event({
  type: 'response.completed',
  sequence_number: 5,
  response: { id: 'resp_1', usage },
} as never)
const failed = (code: string) =>
  event({ type: 'response.failed', response: { id: 'resp_1', error: { code, message: 'm' } } } as never)

const chunk = (delta: object, rest: object = {}) =>
  bare({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta }], ...rest })

function view(tap: StreamTap) {
  const { sawEvent, began, sawOutput, responseId, terminal, failure, badEvent, overflowed } = tap
  return {
    sawEvent,
    began,
    sawOutput,
    responseId,
    usage: tap.usage,
    terminal,
    failure,
    badEvent,
    overflowed,
    next: tap.nextSequence(),
  }
}

function watch(make: () => StreamTap, ...chunks: (string | Uint8Array)[]) {
  const tap = make()
  for (const one of chunks) tap.feed(typeof one === 'string' ? bytesOf(one) : one)
  return view(tap)
}
const responses = () => new ResponsesTap({ maxEventBytes, binds: bindsNothing })
const chat = () => new ChatTap({ maxEventBytes, binds: bindsNothing })

describe('ResponsesTap', () => {
  it('takes created and in_progress for no beginning, but finds the id', () => {
    expect(watch(responses, created, inProgress)).toMatchObject({
      sawEvent: true,
      began: false,
      sawOutput: false,
      responseId: 'resp_1',
    })
  })

  it('has the model begin with the first item, and its output with the first delta', () => {
    expect(watch(responses, created, item)).toMatchObject({ began: true, sawOutput: false })
    expect(watch(responses, created, item, delta)).toMatchObject({ began: true, sawOutput: true })
  })

  it('takes whole items for output when a server sends no deltas', () => {
    expect(watch(responses, event({ type: 'response.output_item.done' }))).toMatchObject({ sawOutput: true })
  })

  it('does not take keep-alives for a beginning', () => {
    expect(watch(responses, event({ type: 'keepalive' }), ': ping\n\n')).toMatchObject({ began: false })
  })

  it('reads usage and the end', () => {
    expect(watch(responses, created, delta, completed)).toMatchObject({
      terminal: 'completed',
      usage: { inputTokens: 9, cachedTokens: 4, outputTokens: 2 },
      failure: undefined,
      next: 6,
    })
  })

  it('tells a failure before any output, in every shape it comes in', () => {
    expect(watch(responses, created, failed('server_error'))).toMatchObject({
      terminal: 'failed',
      began: false,
      failure: { code: 'server_error', message: 'm' },
    })
    const flat = event({ type: 'error', code: 'rate_limit_exceeded', message: 'm' } as never)
    expect(watch(responses, created, flat)).toMatchObject({
      began: false,
      failure: { code: 'rate_limit_exceeded' },
    })
    const nested = event({ type: 'error', error: { type: 'server_error', code: null } } as never)
    expect(watch(responses, nested)).toMatchObject({ failure: { type: 'server_error', code: undefined } })
    expect(watch(responses, flat, failed('server_error'))).toMatchObject({
      failure: { code: 'rate_limit_exceeded' },
    })
  })

  it('knows an event by its data when no event line names it', () => {
    for (const text of [created, delta, completed]) {
      const line = text.slice(text.indexOf('data:'))
      expect(watch(responses, line)).toEqual(watch(responses, text))
    }
    const late = bare({ sequence_number: 1, response: { id: 'resp_2' }, type: 'response.created' })
    expect(watch(responses, late)).toMatchObject({ responseId: 'resp_2', began: false })
  })

  it('keeps the first id and takes none that could not be one', () => {
    const second = event({ type: 'response.completed', response: { id: 'resp_other' } } as never)
    expect(watch(responses, created, second).responseId).toBe('resp_1')
    expect(
      watch(responses, event({ type: 'response.created', response: { id: '../x' } } as never)).responseId,
    ).toBe(undefined)
  })

  it('reads nothing behind an event whose data is no JSON, nor that event', () => {
    const seen = watch(responses, created)
    expect(watch(responses, created, 'event: response.completed\ndata: {oops\n\n', delta, completed)).toEqual(
      { ...seen, badEvent: true },
    )
  })

  it('takes the last event of a stream that is cut for half an event, not for a bad one', () => {
    const tap = responses()
    tap.feed(bytesOf(`${created}data: {"type":"response.out`))
    tap.end()
    expect(view(tap)).toEqual(watch(responses, created))
  })

  it('gives up on an event beyond the limit, however it is cut', () => {
    const small = () => new ResponsesTap({ maxEventBytes: 100, binds: bindsNothing })
    expect(watch(small, `data: ${'x'.repeat(200)}`)).toMatchObject({ overflowed: true })
    expect(watch(small, ...Array.from({ length: 30 }, () => 'data: xxxxxxx\n'))).toMatchObject({
      overflowed: true,
    })
    expect(watch(small, `data: ${'x'.repeat(200)}`, delta)).toMatchObject({ sawOutput: false })
  })

  it('never takes an upstream’s figures on trust', () => {
    const wild = { input_tokens: -5, input_tokens_details: { cached_tokens: 'x' }, output_tokens: 1e300 }
    expect(
      watch(responses, event({ type: 'response.completed', response: { usage: wild } } as never)).usage,
    ).toEqual({ inputTokens: 0, cachedTokens: 0, outputTokens: 0 })
  })
})

describe('ChatTap', () => {
  const role = chunk({ role: 'assistant', content: '', refusal: null })
  const text = chunk({ content: 'hi "usage":{ \\"error\\"' })

  it('takes the role chunk and an empty first chunk for no beginning', () => {
    expect(watch(chat, bare({ choices: [], prompt_filter_results: [] }), role)).toMatchObject({
      sawEvent: true,
      began: false,
    })
  })

  it.each([{ content: 'a' }, { reasoning_content: 'a' }, { refusal: 'a' }, { tool_calls: [{ index: 0 }] }])(
    'takes %j for output',
    delta => {
      expect(watch(chat, role, chunk(delta))).toMatchObject({ began: true, sawOutput: true })
    },
  )

  it('has the model begin with a finish reason alone', () => {
    const finish = bare({ choices: [{ delta: {}, finish_reason: 'length' }] })
    expect(watch(chat, finish)).toMatchObject({ began: true, sawOutput: false })
  })

  it('finds usage behind the text, and the end', () => {
    const last = bare({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 5 } })
    expect(watch(chat, role, text, chunk({}, { usage: null }), last, 'data: [DONE]\n\n')).toMatchObject({
      usage: { inputTokens: 3, cachedTokens: 0, outputTokens: 5 },
      terminal: 'completed',
      failure: undefined,
    })
  })

  it('finds an error before and after the first output', () => {
    const error = bare({ error: { message: 'm', type: 'server_error', code: 502 } })
    expect(watch(chat, role, error)).toMatchObject({
      began: false,
      failure: { code: '502', type: 'server_error' },
    })
    expect(watch(chat, role, text, error)).toMatchObject({ failure: { code: '502' } })
  })

  it('is not misled by text that speaks of usage and errors', () => {
    const tricky = chunk({ content: '","usage":{"prompt_tokens":99},"error":{"code":"x"}' })
    expect(watch(chat, role, text, tricky)).toMatchObject({
      usage: undefined,
      failure: undefined,
      badEvent: false,
    })
  })
})

describe('any tap', () => {
  const streams: [string, () => StreamTap, string][] = [
    ['a whole response', responses, created + inProgress + item + delta + completed],
    ['a failed response', responses, created + failed('server_error')],
    ['a response without event lines', responses, (created + delta + completed).replace(/^event:.*\n/gm, '')],
    ['a chat', chat, [chunk({ role: 'assistant' }), chunk({ content: 'é😀' }), 'data: [DONE]\n\n'].join('')],
    ['a failed chat', chat, chunk({ role: 'assistant' }) + bare({ error: { code: 'x' } })],
  ]

  for (const [name, make, text] of streams) {
    for (const [ending, terminator] of Object.entries({ LF: '\n', CRLF: '\r\n', CR: '\r' })) {
      it(`says the same of ${name} wherever its ${ending} bytes are cut`, () => {
        const bytes = bytesOf(`\ufeff${text.replaceAll('\n', terminator)}`)
        const whole = watch(make, bytes)
        expect(watch(make, bytesOf(text))).toEqual(whole)
        for (let at = 0; at <= bytes.length; at++) {
          expect(watch(make, bytes.subarray(0, at), bytes.subarray(at))).toEqual(whole)
        }
        expect(watch(make, ...Array.from(bytes, byte => Uint8Array.of(byte)))).toEqual(whole)
      })
    }
  }

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), chunks => {
        for (const make of [responses, chat]) watch(make, 'data: ', ...chunks, '\n\n')
      }),
    )
  })
})

describe('isEventData', () => {
  const parses = (text: string): boolean => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }

  it('agrees with JSON.parse on any text, however long the one before it was', () => {
    const pieces = ['{', '}', '[', ']', ',', ':', '"', '\\', '"a"', '1', '-', 'e', '.', 'null', ' ', 'u00e9']
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 }), list => {
        isEventData('{"a":"bcdefghijklmnopqrstuvwxyz"}')
        expect(isEventData(list.join(''))).toBe(parses(list.join('')))
      }),
    )
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), value => {
        const text = Buffer.from(JSON.stringify(value)).toString('latin1')
        expect(isEventData(text)).toBe(true)
        if (/[{["]/.test(text)) expect(isEventData(text.slice(0, -1))).toBe(parses(text.slice(0, -1)))
      }),
    )
  })

  it('reads data longer than any before, and the mark that ends a stream', () => {
    expect(isEventData(JSON.stringify({ a: 'x'.repeat(100_000) }))).toBe(true)
    expect(isEventData(`{"a":"${'x'.repeat(300_000)}`)).toBe(false)
    expect(isEventData('[DONE]')).toBe(true)
  })
})

describe('lastEventEnd', () => {
  it('finds the end of the last whole event in every line ending, wherever the bytes were cut before', () => {
    for (const terminator of ['\n', '\r\n', '\r']) {
      const events = ['a: 1\n\n', 'data: é\ndata: y\n\n', 'c: 3\n\n'].map(text =>
        text.replaceAll('\n', terminator),
      )
      const bytes = bytesOf(`${events.join('')}data: half`)
      const ends = new Set(events.map((_, i) => bytesOf(events.slice(0, i + 1).join('')).length))
      for (let from = 0; from < bytes.length; from++) {
        for (let to = from + 1; to <= bytes.length; to++) {
          const found = lastEventEnd(bytes.subarray(from, to), bytes[from - 2] ?? 0, bytes[from - 1] ?? 0)
          const expected = [...ends].filter(end => end > from && end <= to).at(-1)
          // A lone CR of a cut CRLF ends the line already; its LF belongs to nobody.
          const early = terminator === '\r\n' && found !== 0 && ends.has(from + found + 1)
          if (!early) expect([from, to, found === 0 ? undefined : from + found]).toEqual([from, to, expected])
        }
      }
    }
  })
})
