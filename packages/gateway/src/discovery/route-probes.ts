import type { CapabilityName } from '../config/config.ts'
import type { Collected } from '../proxy/attempt/collect.ts'

/** Whether an upstream has what a capability needs; `unknown` when its answer does not tell. */
export type Found = 'there' | 'missing' | 'unknown'

/** One question to an upstream whose answer costs no tokens and changes nothing there. */
export interface RouteProbe {
  readonly method: 'GET' | 'POST'
  /** Below the base URL. */
  readonly path: string
  readonly body?: string
  read(answer: Collected): Found
}

/** An id that no upstream has given out. */
const nobody = 'doesnotexist'

const create = (path: string): RouteProbe => ({ method: 'POST', path, body: '{}', read: readCreate })
const retrieve = (path: string, id: string): RouteProbe => ({
  method: 'GET',
  path: `${path}/${id}`,
  read: answer => readRetrieve(answer, id),
})

/**
 * The probes that are known to be harmless: a create without its model is refused before any work, and an id that does
 * not exist is not found. Capabilities that are not here cannot be told that way: `background` is accepted by servers
 * that then answer 400, WebSocket needs an upgrade.
 */
export const routeProbes: Readonly<Partial<Record<CapabilityName, RouteProbe>>> = {
  responses: create('/responses'),
  chat: create('/chat/completions'),
  embeddings: create('/embeddings'),
  storedResponses: retrieve('/responses', `resp_${nobody}`),
  conversations: retrieve('/conversations', `conv_${nobody}`),
}

/** A route that is there looks at the body and refuses it; one that is not, does not look. */
function readCreate(answer: Collected): Found {
  if (answer.kind !== 'reply') return 'unknown'
  const { status } = answer
  if (status === 405 || status === 501) return 'missing'
  const text = textOf(answer)
  // Ollama has no model named "", which is no reason to think that the route is not there.
  if (status === 404) return /\bmodel\b/i.test(text) ? 'there' : 'missing'
  // LM Studio answers 200 to whatever it does not know.
  if (status < 300) return /unexpected endpoint/i.test(text) ? 'missing' : 'there'
  return status >= 400 && status < 500 && !tellsNothing.has(status) ? 'there' : 'unknown'
}

/** A server that looked for the id says so by its name; one without the route does not know that it is an id. */
function readRetrieve(answer: Collected, id: string): Found {
  if (answer.kind !== 'reply') return 'unknown'
  const { status } = answer
  if (status === 405 || status === 501) return 'missing'
  if (status !== 404 && status !== 400) return 'unknown'
  return namesIt(textOf(answer), id) ? 'there' : 'missing'
}

/** A page that quotes the path of the request names the id too, but behind a slash. */
const namesIt = (text: string, id: string): boolean => text.replaceAll(`/${id}`, '').includes(id)

/** Refused at the door: unauthorized, forbidden, timeout, too many requests. */
const tellsNothing: ReadonlySet<number> = new Set([401, 403, 408, 429])

function textOf({ body }: { readonly body: Uint8Array }): string {
  return Buffer.from(body).toString('utf8')
}
