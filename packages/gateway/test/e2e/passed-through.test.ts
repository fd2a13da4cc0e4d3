/** Endpoints of which the gateway knows no more than a model or an id, with the official SDK and an upstream of the test's own. */
import type { ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import OpenAI, { toFile } from 'openai'
import { describe, expect, it } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import { gatewayOver, type ScriptedUpstream, scriptedUpstream } from '../fixtures/scripted-upstream.ts'

const sse = { 'content-type': 'text/event-stream' }

/** An upstream that answers each path with one thing, and keeps the bodies it was sent. */
async function answering(
  answers: Readonly<Record<string, unknown>>,
): Promise<ScriptedUpstream & { readonly bodies: string[] }> {
  const bodies: string[] = []
  const upstream = await scriptedUpstream((request, response) => {
    void buffer(request).then(body => {
      bodies.push(body.toString('latin1'))
      reply(response, answers[`${request.method} ${request.url!.split('?')[0]}`])
    })
  })
  return { ...upstream, bodies }
}

function reply(response: ServerResponse, answer: unknown): void {
  if (answer === undefined) {
    response.writeHead(404, { 'content-type': 'application/json' })
    response.end('{"error":{"message":"no such thing","type":"invalid_request_error"}}')
  } else if (typeof answer === 'string') {
    response.writeHead(200, sse)
    response.end(answer)
  } else if (answer instanceof Uint8Array) {
    response.writeHead(200, { 'content-type': 'audio/mpeg' })
    response.end(answer)
  } else {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  }
}

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return error instanceof OpenAI.APIError ? `${error.status} ${error.code}` : error
}

const models = { account: { models: { mine: 'theirs' } } }

describe('an endpoint that is passed through', () => {
  it('is scheduled by its model, and told the name its account knows', async () => {
    const upstream = await answering({
      'POST /v1/moderations': { id: 'modr-1', model: 'theirs', results: [] },
      'POST /v1/images/generations': { created: 1, data: [{ b64_json: 'aGk=' }] },
      'POST /v1/completions': { id: 'cmpl-1', choices: [{ text: 'hi', index: 0 }] },
      'POST /v1/rerank': { results: [] },
      'POST /v1/responses/input_tokens': { object: 'response.input_tokens', input_tokens: 7 },
      'POST /v1/responses/compact': { id: 'resp_c', object: 'response.compaction', output: [] },
    })
    const gateway = await gatewayOver([upstream.port], models)
    const sdk = gateway.sdk()
    expect((await sdk.moderations.create({ model: 'mine', input: 'x' })).id).toBe('modr-1')
    expect((await sdk.images.generate({ model: 'mine', prompt: 'x' })).data).toEqual([{ b64_json: 'aGk=' }])
    expect((await sdk.completions.create({ model: 'mine', prompt: 'x' })).choices[0]!.text).toBe('hi')
    expect((await sdk.responses.inputTokens.count({ model: 'mine', input: 'x' })).input_tokens).toBe(7)
    expect((await sdk.responses.compact({ model: 'mine', input: 'x' })).id).toBe('resp_c')
    expect((await gateway.fetch('/v1/rerank', { json: { model: 'mine' } })).status).toBe(200)
    for (const body of upstream.bodies) expect(JSON.parse(body).model).toBe('theirs')
    expect(await codeOf(sdk.moderations.create({ model: 'other', input: 'x' }))).toBe('404 model_not_found')
    expect(await codeOf(sdk.moderations.create({ input: 'x' }))).toBe('400 missing_required_parameter')
    expect(upstream.bodies).toHaveLength(6)
  })

  it('relays bytes of any type while they come', async () => {
    let finish = (): void => {}
    const upstream = await scriptedUpstream((request, response) => {
      request.resume()
      response.writeHead(200, { 'content-type': 'audio/mpeg' })
      response.write('first')
      finish = () => response.end('last')
    })
    const gateway = await gatewayOver([upstream.port])
    const answer = await gateway.sdk().audio.speech.create({ model: 'tts', voice: 'alloy', input: 'x' })
    expect(answer.headers.get('content-type')).toBe('audio/mpeg')
    const reader = answer.body!.getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('first')
    finish()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('last')
    expect((await reader.read()).done).toBe(true)
    expect(await gateway.slotsInUse()).toBe(0)
  })

  it('never makes half of them look whole', async () => {
    const upstream = await scriptedUpstream((request, response) => {
      request.resume()
      response.writeHead(200, { 'content-type': 'audio/mpeg', 'content-length': '1000' })
      response.write('half', () => response.destroy())
    })
    const gateway = await gatewayOver([upstream.port])
    const answer = await gateway.sdk().audio.speech.create({ model: 'tts', voice: 'alloy', input: 'x' })
    await expect(answer.arrayBuffer()).rejects.toThrow()
    await eventually(async () => (await gateway.slotsInUse()) === 0)
  })

  it('goes to another account when the first does not have it', async () => {
    const other = await answering({ 'POST /v1/moderations': { id: 'modr-2', results: [] } })
    const without = await scriptedUpstream((request, response) => {
      request.resume()
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Not Found')
    })
    const gateway = await gatewayOver([without.port, other.port])
    expect((await gateway.sdk().moderations.create({ model: 'm', input: 'x' })).id).toBe('modr-2')
    expect(without.seen).toHaveLength(1)
  })

  it('streams events of its own, to its own end', async () => {
    const events = 'event: a\ndata: {"type":"a"}\n\nevent: b\ndata: {"type":"b"}\n\n'
    const text = 'data: {"choices":[{"text":"hi","index":0}]}\n\ndata: [DONE]\n\n'
    const upstream = await answering({
      'POST /v1/images/generations': events,
      'POST /v1/completions': text,
      'POST /v1/audio/speech':
        'data: {"type":"a"}\n\ndata: {"error":{"message":"gone","code":"server_error"}}\n\n',
    })
    const gateway = await gatewayOver([upstream.port])
    const stream = (path: string) =>
      gateway.fetch(path, { json: { model: 'm', stream: true } }).then(answer => answer.text())
    expect(await stream('/v1/images/generations')).toBe(events)
    expect(await stream('/v1/completions')).toBe(text)
    expect(await stream('/v1/audio/speech')).toContain('"server_error"')
  })

  it('ends a stream that was cut with an error', async () => {
    const upstream = await scriptedUpstream((request, response) => {
      request.resume()
      response.writeHead(200, sse)
      response.write('data: {"type":"a"}\n\ndata: {"ty', () => response.destroy())
    })
    const gateway = await gatewayOver([upstream.port])
    const answer = await gateway.fetch('/v1/images/generations', { json: { model: 'm', stream: true } })
    const body = await answer.text()
    expect(body).toMatch(/^data: \{"type":"a"\}\n\ndata: \{"error":.*"upstream_disconnected"/)
  })
})

describe('a form that names a model', () => {
  it('is scheduled by it, and told the name its account knows', async () => {
    const upstream = await answering({ 'POST /v1/audio/transcriptions': { text: 'hello' } })
    const gateway = await gatewayOver([upstream.port], models)
    const file = await toFile(Buffer.from('RIFF'), 'x.wav')
    const heard = await gateway.sdk().audio.transcriptions.create({ file, model: 'mine' })
    expect(heard.text).toBe('hello')
    expect(upstream.bodies[0]).toMatch(/name="model"\r\n\r\ntheirs\r\n/)
    expect(upstream.bodies[0]).toContain('RIFF')
    expect(Number(upstream.seen[0]!.headers['content-length'])).toBe(upstream.bodies[0]!.length)
    const refused = gateway.sdk().audio.transcriptions.create({ file, model: 'other' })
    expect(await codeOf(refused)).toBe('404 model_not_found')
    expect(upstream.seen).toHaveLength(1)
  })
})

describe('what is stored inside of something stored', () => {
  const store = {
    'POST /v1/files': { id: 'file-1', object: 'file' },
    'POST /v1/vector_stores': { id: 'vs_1', object: 'vector_store', status: 'in_progress' },
    'POST /v1/vector_stores/vs_1/files': { id: 'file-1', object: 'vector_store.file', status: 'failed' },
    'GET /v1/vector_stores/vs_1/files/file-1': {
      id: 'file-1',
      status: 'failed',
      last_error: { code: 'server_error' },
    },
    'DELETE /v1/vector_stores/vs_1/files/file-1': { id: 'file-1', deleted: true },
    'GET /v1/files/file-1': { id: 'file-1', object: 'file' },
    'POST /v1/vector_stores/vs_1/file_batches': { id: 'vsfb_1', object: 'vector_store.file_batch' },
    'GET /v1/vector_stores/vs_1/file_batches/vsfb_1': { id: 'vsfb_1', status: 'completed' },
    'POST /v1/vector_stores/vs_1/search': { object: 'vector_store.search_results.page', data: [] },
  }

  it('is reached through both ids: files of a vector store, batches of them, a search', async () => {
    const upstream = await answering(store)
    const sdk = (await gatewayOver([upstream.port])).sdk()
    const { id } = await sdk.files.create({ file: await toFile(Buffer.from('x'), 'x'), purpose: 'user_data' })
    const { id: vs } = await sdk.vectorStores.create({ file_ids: [id] })
    await sdk.vectorStores.files.create(vs, { file_id: id, attributes: { file_id: 'a word of mine' } })
    // A failure that happened to the file is no failure of asking for it.
    const file = await sdk.vectorStores.files.retrieve(id, { vector_store_id: vs })
    expect(file.status).toBe('failed')
    const batch = await sdk.vectorStores.fileBatches.create(vs, { file_ids: [id] })
    const found = await sdk.vectorStores.fileBatches.retrieve(batch.id, { vector_store_id: vs })
    expect(found.status).toBe('completed')
    expect(
      (await sdk.vectorStores.search(vs, { query: 'x', filters: { type: 'eq', key: 'file_id', value: 'y' } }))
        .data,
    ).toEqual([])
    await sdk.vectorStores.files.delete(id, { vector_store_id: vs })
    expect((await sdk.files.retrieve(id)).id).toBe(id)
    const wrong = sdk.vectorStores.files.create(vs, { file_id: 'file-2' })
    expect(await codeOf(wrong)).toBe('404 file_not_found')
  })

  it('is known once it was told: files of a container, outputs of a batch', async () => {
    const upstream = await answering({
      'POST /v1/containers': { id: 'cntr_1', object: 'container' },
      'POST /v1/containers/cntr_1/files': { id: 'cfile_1', object: 'container.file' },
      'GET /v1/containers/cntr_1/files': {
        object: 'list',
        data: [{ id: 'cfile_2', object: 'container.file' }],
      },
      'GET /v1/containers/cntr_1/files/cfile_1/content': Buffer.from('one'),
      'GET /v1/containers/cntr_1/files/cfile_2/content': Buffer.from('two'),
      'POST /v1/files': { id: 'file-1', object: 'file' },
      'POST /v1/batches': { id: 'batch_1', object: 'batch', status: 'validating' },
      'GET /v1/batches/batch_1': { id: 'batch_1', status: 'completed', output_file_id: 'file-out' },
      'GET /v1/files/file-out/content': Buffer.from('{"custom_id":"x"}\n'),
    })
    const gateway = await gatewayOver([upstream.port])
    const sdk = gateway.sdk()
    const file = async () => await toFile(Buffer.from('x'), 'x')
    const { id } = await sdk.containers.create({ name: 'x' })
    const made = await sdk.containers.files.create(id, { file: await file() })
    const text = async (cfile: string) =>
      await (await sdk.containers.files.content.retrieve(cfile, { container_id: id })).text()
    expect(await text(made.id)).toBe('one')
    expect(await codeOf(text('cfile_2'))).toBe('404 file_not_found')
    expect((await sdk.containers.files.list(id)).data).toHaveLength(1)
    expect(await text('cfile_2')).toBe('two')
    const input = await sdk.files.create({ file: await file(), purpose: 'batch' })
    const batch = await sdk.batches.create({
      input_file_id: input.id,
      endpoint: '/v1/responses',
      completion_window: '24h',
    })
    expect(await codeOf(sdk.files.content('file-out'))).toBe('404 file_not_found')
    const { output_file_id: output } = await sdk.batches.retrieve(batch.id)
    expect(await (await sdk.files.content(output!)).text()).toBe('{"custom_id":"x"}\n')
  })

  it('cannot be copied out of another tenant’s files, whatever the body looks like', async () => {
    const upstream = await answering({ 'POST /v1/containers': { id: 'cntr_1', object: 'container' } })
    const gateway = await gatewayOver([upstream.port])
    const { id } = await gateway.sdk().containers.create({ name: 'x' })
    const path = `/v1/containers/${id}/files`
    const form = new FormData()
    form.set('file_id', 'file-foreign')
    const serialised = new Response(form)
    const asForm = await gateway.fetch(path, {
      method: 'POST',
      headers: { 'content-type': serialised.headers.get('content-type')! },
      body: await serialised.text(),
    })
    expect([asForm.status, (await asForm.json()).error.code]).toEqual([404, 'file_not_found'])
    for (const body of ['{"file_id":"file-foreign"}', '{"file\\u005fid":"file-foreign"}']) {
      const answer = await gateway.fetch(path, { method: 'POST', body })
      expect([answer.status, (await answer.json()).error.code]).toEqual([404, 'file_not_found'])
    }
    const twice = await gateway.fetch('/v1/vector_stores', {
      method: 'POST',
      body: '{"items":[{"file_id":"file-foreign","file_id":"file-mine"}]}',
    })
    expect([twice.status, (await twice.json()).error.code]).toEqual([400, 'duplicate_key'])
    expect(upstream.seen).toHaveLength(1)
  })
})

describe('what is not served', () => {
  it('is refused by name, with what to do instead, and asks nobody', async () => {
    const upstream = await answering({})
    const gateway = await gatewayOver([upstream.port])
    const sdk = gateway.sdk()
    const list = await gateway.fetch('/v1/files')
    expect([list.status, list.headers.get('x-should-retry')]).toEqual([501, 'false'])
    expect((await list.json()).error).toMatchObject({ code: 'list_not_supported' })
    expect(await codeOf(sdk.batches.list().then(() => {}))).toBe('501 list_not_supported')
    expect(await codeOf(sdk.fineTuning.jobs.create({ model: 'm', training_file: 'file-1' }))).toBe(
      '501 endpoint_not_supported',
    )
    const odd = await gateway.fetch('/v1/things/thing_1/run', { json: { model: 'm' } })
    expect([odd.status, (await odd.json()).error.code]).toEqual([404, 'unknown_route'])
    expect(upstream.seen).toHaveLength(0)
  })
})
