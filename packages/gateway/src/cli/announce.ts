import type { Prepared } from './config-source.ts'
import { print } from './output.ts'

/** Prints the URL and, where the client's key was made up at the start, the key and a line to paste. */
export function announce(url: string, { clientKey, mock }: Prepared): void {
  print(`Headgate listens on ${url}`)
  if (clientKey === undefined) return
  const serving = mock
    ? 'a demo: three accounts on a mock upstream. For real ones set OPENAI_API_KEY or write a config.yaml.'
    : 'the account of OPENAI_API_KEY. For several accounts write a config.yaml.'
  const body = JSON.stringify({ model: 'gpt-5.1', input: 'Hello', stream: true })
  const headers = `-H 'Authorization: Bearer ${clientKey}' -H 'Content-Type: application/json'`
  print(`This is ${serving}`)
  print('')
  print(`  export OPENAI_BASE_URL=${url}/v1`)
  print(`  export OPENAI_API_KEY=${clientKey}`)
  print('')
  print(`  curl -N ${url}/v1/responses ${headers} -d '${body}'`)
}
