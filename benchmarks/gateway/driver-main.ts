/**
 * The load, in a process of its own: raw keep-alive sockets that know just enough HTTP, because a client library
 * would cost more than what it measures. Takes one job a message, answers one result.
 */
import { connect, type Socket } from 'node:net'
import { clientKey, type Job, type JobResult } from './job.ts'

process.on('message', (job: Job) => {
  run(job).then(
    result => process.send!(result),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.once('disconnect', () => process.exit(0))

async function run(job: Job): Promise<JobResult> {
  const result: JobResult = { units: 0, elapsedMs: 0, latenciesMicros: [] }
  const sockets = await Promise.all(Array.from({ length: job.connections }, () => open(job.port)))
  const request = requestBytes(job.kind === 'sse')
  const startedMs = performance.now()
  const endMs = startedMs + job.forMs
  await Promise.all(
    sockets.map(socket =>
      job.kind === 'json'
        ? askInLoop(socket, request, endMs, result)
        : readStreams(socket, request, job, result),
    ),
  )
  result.elapsedMs = performance.now() - startedMs
  for (const socket of sockets) socket.destroy()
  return result
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

function requestBytes(stream: boolean): Buffer {
  const messages = [{ role: 'user', content: 'Tell me something that I do not know yet, in one sentence.' }]
  const body = JSON.stringify({ model: 'gpt-5.1', messages, ...(stream ? { stream } : {}) })
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: 127.0.0.1',
    'user-agent: OpenAI/JS 7.57.0',
    'accept: application/json',
    'content-type: application/json',
    `authorization: Bearer ${clientKey}`,
    `content-length: ${body.length}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** One request after the other on one connection, until the time is over. */
function askInLoop(socket: Socket, request: Buffer, endMs: number, result: JobResult): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = ''
    let length = -1
    let sentMs = 0
    const ask = (): void => {
      answer = ''
      length = -1
      sentMs = performance.now()
      socket.write(request)
    }
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (length < 0) {
        const headEnd = answer.indexOf('\r\n\r\n')
        if (headEnd < 0) return
        if (!answer.startsWith('HTTP/1.1 200')) {
          reject(new Error(`The proxy answered ${answer.slice(0, 500)}`))
          return
        }
        length = headEnd + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(answer)![1])
      }
      if (answer.length < length) return
      const nowMs = performance.now()
      result.units++
      result.latenciesMicros.push((nowMs - sentMs) * 1000)
      if (nowMs < endMs) ask()
      else resolve()
    })
    socket.once('close', () => reject(new Error('The proxy closed a connection.')))
    ask()
  })
}

/** One stream on one connection, read to its end. Every chunk carries the moment its upstream sent it. */
function readStreams(socket: Socket, request: Buffer, job: Job, result: JobResult): Promise<void> {
  return new Promise((resolve, reject) => {
    const stamp = /"content":"(\d{20})"/g
    let rest = ''
    socket.on('data', (chunk: Buffer) => {
      const nowNanos = process.hrtime.bigint()
      const text = rest + chunk.toString('latin1')
      let last = 0
      for (const match of text.matchAll(stamp)) {
        result.units++
        result.latenciesMicros.push(Number(nowNanos - BigInt(match[1]!)) / 1000)
        last = match.index + match[0].length
      }
      rest = text.slice(last)
      if (rest.includes('[DONE]')) resolve()
      else if (last === 0 && rest.length > 10_000)
        reject(new Error(`The proxy answered ${rest.slice(0, 500)}`))
    })
    socket.once('close', () => reject(new Error('The proxy closed a connection.')))
    // Streams that all begin in one moment would tick in step: real ones do not.
    setTimeout(() => socket.write(request), Math.random() * job.spreadMs)
  })
}
