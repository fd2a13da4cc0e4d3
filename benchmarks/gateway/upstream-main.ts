/**
 * The upstream of the benchmark: as little as `node:http` can do, so that the proxies are what is measured. A chat
 * completion of 378 bytes, or, when the request asks for a stream, `chunks` events every `everyMs`, each with the
 * moment it was sent on the machine's monotonic clock.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const [chunks, everyMs] = process.argv.slice(2).map(Number) as [number, number]

const answer = Buffer.from(completionOf378Bytes())
const jsonHead = ['content-type', 'application/json', 'content-length', String(answer.length)]
const streamHead = ['content-type', 'text/event-stream']
const asksForStream = Buffer.from('"stream":true')

const server = createServer((request, response) => {
  const body: Buffer[] = []
  request.on('data', (chunk: Buffer) => body.push(chunk))
  request.on('end', () => {
    if (Buffer.concat(body).includes(asksForStream)) stream(response)
    else {
      response.writeHead(200, jsonHead)
      response.end(answer)
    }
  })
})

function stream(response: ServerResponse): void {
  response.writeHead(200, streamHead)
  let sent = 0
  const timer = setInterval(() => {
    if (sent++ < chunks) response.write(event())
    else {
      clearInterval(timer)
      response.end('data: [DONE]\n\n')
    }
  }, everyMs)
  response.on('close', () => clearInterval(timer))
}

/** About 250 bytes, as a chat delta has. */
function event(): string {
  const sentAt = `${process.hrtime.bigint()}`.padStart(20, '0')
  return `data: {"id":"chatcmpl-CPu2b8ZSlNBAHhBsDrNTDqGcdaYdR","object":"chat.completion.chunk","created":1760000000,"model":"gpt-5.1","service_tier":"default","choices":[{"index":0,"delta":{"content":"${sentAt}"},"logprobs":null,"finish_reason":null}]}\n\n`
}

function completionOf378Bytes(): string {
  const completion = {
    id: 'chatcmpl-CPu2b8ZSlNBAHhBsDrNTDqGcdaYdR',
    object: 'chat.completion',
    created: 1760000000,
    model: 'gpt-5.1',
    choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 12, completion_tokens: 9, total_tokens: 21 },
  }
  completion.choices[0]!.message.content = 'x'.repeat(378 - JSON.stringify(completion).length)
  return JSON.stringify(completion)
}

server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }))
process.once('disconnect', () => process.exit(0))
