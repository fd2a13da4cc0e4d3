// Two turns of a conversation through two accounts, one of which fails: what a client sees, and what was done.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createMockUpstream } from '@headgate/mock-upstream'

const here = import.meta.dirname
const cli = `${here}/../../packages/gateway/src/cli/main.ts`

const store = mkdtempSync(join(tmpdir(), 'headgate-example-'))
const upstream = await createMockUpstream({
  accounts: { first: { name: 'first' }, second: { name: 'second' } },
})
const gateway = spawn(
  process.execPath,
  ['--conditions=headgate-source', cli, 'serve', '--config', `${here}/config.yaml`, '--port', '0'],
  {
    env: {
      ...process.env,
      UPSTREAM_URL: `${upstream.url}/v1`,
      STORE_PATH: store,
      HEADGATE_LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)

try {
  const url = await listening()
  // The preferred account answers its next request with 503: the client will not notice.
  upstream.control.fault({ account: 'first', times: 1, fault: { kind: 'status', status: 503 } })
  const hello = await turn(url, { input: 'Good morning' })
  // The first account is well and preferred, but the conversation is stored at the second.
  const reply = await turn(url, { input: 'And again', previous_response_id: hello.id })
  console.log(reply.id === hello.id ? 'one response' : 'two responses, one conversation')
} finally {
  gateway.kill('SIGTERM')
  await once(gateway, 'exit')
  await upstream.close()
  rmSync(store, { recursive: true })
}

async function turn(url: string, body: { readonly input: string; readonly previous_response_id?: string }) {
  const response = await fetch(`${url}/v1/responses`, {
    method: 'POST',
    headers: { authorization: 'Bearer hg-example-key-1', 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5.1', ...body }),
  })
  const { id, output } = (await response.json()) as Reply
  const account = response.headers.get('x-headgate-account')
  const attempts = response.headers.get('x-headgate-attempts')
  console.log(`${response.status} from ${account}, attempts: ${attempts}. ${output[0]!.content[0]!.text}`)
  return { id }
}

interface Reply {
  readonly id: string
  readonly output: readonly { readonly content: readonly { readonly text: string }[] }[]
}

async function listening(): Promise<string> {
  for await (const line of createInterface({ input: gateway.stdout })) {
    const url = /listens on (\S+)/.exec(line)?.[1]
    if (url !== undefined) return url
  }
  throw new Error('The gateway ended before it listened; the lines above say why.')
}
