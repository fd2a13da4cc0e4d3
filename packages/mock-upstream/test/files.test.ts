import { connect } from 'node:net'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createMockUpstream } from '../src/index.ts'
import { sdk, useRig } from './endpoints-rig.ts'
import { readToClose, until } from './raw-client.ts'

const KEPT = 1000
const rig = useRig({ keptFileBytes: KEPT, maxUploadBytes: 300 * 1024 * 1024 })
const textFile = (text: string, name = 'notes.txt') => new File([text], name, { type: 'text/plain' })

/** The head of an upload of this many bytes, and the form around its file. */
function formOf(bytes: number, boundary = 'limit') {
  const before =
    `--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n` +
    `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="big.bin"\r\n\r\n`
  const after = `\r\n--${boundary}--\r\n`
  const head =
    `POST /v1/files HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer sk-a\r\nconnection: close\r\n` +
    `content-type: multipart/form-data; boundary=${boundary}\r\ncontent-length: ${before.length + bytes + after.length}\r\n\r\n`
  return { before, after, head }
}

describe('files', () => {
  it('are uploaded, read, downloaded and deleted at their account alone', async () => {
    const { alpha, beta } = rig
    const text = 'Grüße\r\n--not a boundary\r\n'
    const made = await alpha.files.create({ file: textFile(text, 'a "b".txt'), purpose: 'user_data' })
    const bytes = Buffer.byteLength(text)
    expect(made).toMatchObject({ object: 'file', bytes, filename: 'a "b".txt', purpose: 'user_data' })
    expect(made.id).toMatch(/^file-/)
    expect(await alpha.files.retrieve(made.id)).toEqual(made)
    expect(await (await alpha.files.content(made.id)).text()).toBe(text)
    await expect(beta.files.retrieve(made.id)).rejects.toThrow(OpenAI.NotFoundError)
    await expect(beta.files.content(made.id)).rejects.toThrow(OpenAI.NotFoundError)
    expect(await alpha.files.delete(made.id)).toEqual({ id: made.id, object: 'file', deleted: true })
    await expect(alpha.files.retrieve(made.id)).rejects.toThrow(`No such File object: ${made.id}`)
  })

  it('are listed newest first, by pages and by purpose', async () => {
    const { alpha } = rig
    for (const name of ['a', 'b', 'c'])
      await alpha.files.create({ file: textFile(name, name), purpose: name === 'b' ? 'batch' : 'user_data' })
    const names: string[] = []
    for await (const file of alpha.files.list({ limit: 1 })) names.push(file.filename)
    expect(names).toEqual(['c', 'b', 'a'])
    expect((await alpha.files.list({ purpose: 'batch' })).data.map(file => file.filename)).toEqual(['b'])
    expect((await rig.beta.files.list()).data).toEqual([])
    const { files, uploadedBytes, concurrency } = rig.upstream.control.stats().accounts['alpha']!
    expect({ files, uploadedBytes, concurrency }).toEqual({
      files: 3,
      uploadedBytes: 3,
      concurrency: { current: 0, max: 0 },
    })
  })

  it('are counted to the end and kept up to a bound; the rest reads as zeros', async () => {
    const { alpha } = rig
    const { id, bytes } = await alpha.files.create({
      file: textFile('x'.repeat(200_000)),
      purpose: 'user_data',
    })
    expect(bytes).toBe(200_000)
    const content = Buffer.from(await (await alpha.files.content(id)).arrayBuffer())
    expect(content.length).toBe(200_000)
    expect(content.subarray(0, KEPT).every(byte => byte === 0x78)).toBe(true)
    expect(content.subarray(KEPT).every(byte => byte === 0)).toBe(true)
  })

  it('are read as they arrive: an upload of 256 MiB does not stay in memory', async () => {
    const bytes = 256 * 1024 * 1024
    const { head, before, after } = formOf(bytes)
    const socket = connect(rig.upstream.port, '127.0.0.1')
    const answer = readToClose(socket)
    socket.write(head + before)
    const piece = Buffer.alloc(1024 * 1024, '\r\n--limi')
    let most = 0
    const start = process.memoryUsage().rss
    for (let sent = 0; sent < bytes; sent += piece.length) {
      if (!socket.write(piece)) await new Promise(resolve => socket.once('drain', resolve))
      most = Math.max(most, process.memoryUsage().rss - start)
    }
    socket.write(after)
    expect((await answer).text).toContain(`"bytes":${bytes},`)
    // Garbage not yet collected counts too; kept, it would be the whole of it.
    expect(most).toBeLessThan(200 * 1024 * 1024)
  })

  it('are refused above the bound, without a purpose, and when they are no form', async () => {
    const { upstream } = rig
    const post = async (body: BodyInit, headers: Record<string, string> = {}) => {
      const init = { method: 'POST', body, headers: { authorization: 'Bearer sk-a', ...headers } }
      const response = await fetch(`${upstream.url}/v1/files`, init)
      return { status: response.status, body: await response.json() }
    }
    const form = new FormData()
    form.set('file', textFile('x'))
    expect(await post(form)).toMatchObject({ status: 400, body: { error: { param: 'purpose' } } })
    form.set('purpose', 'nonsense')
    expect(await post(form)).toMatchObject({ status: 400, body: { error: { param: 'purpose' } } })
    expect(await post('{}')).toMatchObject({ status: 400 })
    const unfinished = '--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\nx'
    expect(await post(unfinished, { 'content-type': 'multipart/form-data; boundary=b' })).toMatchObject({
      status: 400,
    })
  })

  it('are refused as soon as they pass the bound, and the connection stays usable', async () => {
    const small = await createMockUpstream({ maxUploadBytes: 100_000 })
    onTestFinished(() => small.close())
    const agent = sdk(small, 'sk-any')
    const upload = (bytes: number) =>
      agent.files.create({ file: textFile('x'.repeat(bytes)), purpose: 'user_data' })
    await expect(upload(1_000_000)).rejects.toMatchObject({ status: 413 })
    expect((await upload(50_000)).bytes).toBe(50_000)
  })

  it('leave nothing behind when the client leaves in the middle', async () => {
    const { upstream } = rig
    const { head, before } = formOf(1_000_000)
    const socket = connect(upstream.port, '127.0.0.1')
    socket.write(head + before)
    await until(() => upstream.control.requests().length === 1)
    socket.destroy()
    await until(() => upstream.control.requests()[0]!.aborted)
    expect(upstream.control.stats().total).toMatchObject({ files: 0, aborted: 1 })
  })

  it('suffer faults like any other request', async () => {
    const { alpha, upstream } = rig
    upstream.control.fault({ fault: { kind: 'status', status: 503 }, endpoint: 'files.create', times: 1 })
    const upload = { file: textFile('x'), purpose: 'user_data' as const }
    await expect(alpha.files.create(upload)).rejects.toThrow(OpenAI.InternalServerError)
    const { id } = await alpha.files.create(upload)
    upstream.control.fault({ fault: { kind: 'cut', afterBytes: 0 }, endpoint: 'files.content', times: 1 })
    await expect(alpha.files.content(id).then(content => content.text())).rejects.toThrow()
  })
})
