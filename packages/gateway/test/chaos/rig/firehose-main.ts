/**
 * An upstream that pushes fifty megabytes a stream as fast as they are taken, in events of 16 KiB, and counts the
 * streams that are open. The mock makes its replies token by token, which would make the load the bottleneck.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const eventsPerStream = 3200
const event = sse({ type: 'response.output_text.delta', delta: 'x'.repeat(16 * 1024) })
let open = 0
let sentBytes = 0

const server = createServer((request, response) => {
  if (request.url === '/count') {
    response.end(JSON.stringify({ open, sentBytes }))
    return
  }
  request.resume()
  open++
  response.once('close', () => open--)
  response.writeHead(200, ['content-type', 'text/event-stream'])
  response.write(sse({ type: 'response.created', response: { id: `resp_${open}`, status: 'in_progress' } }))
  push(response, eventsPerStream)
})

function push(response: ServerResponse, left: number): void {
  while (left > 0 && !response.destroyed) {
    left--
    sentBytes += event.length
    if (response.write(event)) continue
    response.once('drain', () => push(response, left))
    return
  }
  response.end(sse({ type: 'response.completed', response: { status: 'completed' } }))
}

function sse(data: { readonly type: string; readonly [field: string]: unknown }): Buffer {
  return Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`)
}

server.listen(0, '127.0.0.1', () => {
  process.send!({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})
process.once('disconnect', () => process.exit(0))
