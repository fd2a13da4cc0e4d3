/** One SSE event whose data is `json`; with a name, as the Responses API sends it, without, as chat does. */
export function sseFrame(json: string, name?: string): string {
  return name === undefined ? `data: ${json}\n\n` : `event: ${name}\ndata: ${json}\n\n`
}

/** What ends a chat stream; Responses streams have no such thing. */
export const CHAT_DONE = 'data: [DONE]\n\n'
