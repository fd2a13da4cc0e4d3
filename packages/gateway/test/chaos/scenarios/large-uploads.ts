import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { accountsAt, clientKey, type GatewayProcess } from '../rig/gateway.ts'
import { holds, type Scenario } from '../rig/scenario.ts'

const megabyte = 1024 ** 2
const uploadBytes = 64 * megabyte
const atOnce = 4
const boundary = 'chaos-upload'
const head = `--${boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="zeros"\r\n\r\n`
const tail = `\r\n--${boundary}--\r\n`
/**
 * How much memory outside its heap V8 lets come together before it collects, whatever the size of an upload: measured,
 * 80 MiB with uploads of 64 MiB and 110 MiB with uploads of 256 MiB.
 */
const slackBytes = 128 * megabyte

/** Four uploads of 64 MiB at once, and their content back: together four times what may come together. */
export const largeUploads: Scenario = {
  claim: 'uploads and downloads of any size pass through in flat memory, whole to the byte',
  async run(world) {
    const judge = await world.startJudge({ 'sk-a': { name: 'a' } })
    const config = {
      accounts: accountsAt(judge.url, ['a'], { capabilities: { files: true } }),
      telemetry: { logLevel: 'warn' },
    }
    const gateway = await world.startGateway({ config })
    // Once before it is measured, so that code and caches are there.
    await roundTrip(gateway, megabyte)
    const beforeBytes = gateway.rssBytes()
    let peakBytes = beforeBytes
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, gateway.rssBytes())
    }, 20)
    const startedMs = performance.now()
    await Promise.all(Array.from({ length: atOnce }, () => roundTrip(gateway, uploadBytes)))
    const seconds = (performance.now() - startedMs) / 1000
    clearInterval(watch)
    const grownBytes = peakBytes - beforeBytes
    holds(grownBytes <= slackBytes, `memory grew by ${mega(grownBytes)}, more than ${mega(slackBytes)}`)
    const inFlight = await gateway.metric('headgate_account_in_flight')
    holds(
      [...inFlight.values()].every(value => value === 0),
      'a slot was not given back',
    )
    const moved = 2 * atOnce * uploadBytes
    return `${mega(moved)} up and down in ${seconds.toFixed(1)} s, memory +${mega(grownBytes)}`
  },
}

async function roundTrip(gateway: GatewayProcess, bytes: number): Promise<void> {
  const made = JSON.parse(await upload(gateway, bytes)) as { readonly id: string; readonly bytes: number }
  holds(made.bytes === bytes, `of ${bytes} bytes the upstream has ${made.bytes}`)
  const headers = { authorization: `Bearer ${clientKey}` }
  const content = await fetch(`${gateway.url}/v1/files/${made.id}/content`, { headers })
  let back = 0
  for await (const chunk of content.body!) back += (chunk as Uint8Array).length
  holds(back === bytes, `of ${bytes} bytes ${back} came back`)
}

/** Writes as fast as it is taken; answers the body of the answer. */
function upload(gateway: GatewayProcess, bytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(`${gateway.url}/v1/files`, {
      method: 'POST',
      agent: false,
      headers: {
        authorization: `Bearer ${clientKey}`,
        'content-type': `multipart/form-data; boundary=${boundary}`,
        'content-length': head.length + bytes + tail.length,
      },
    })
    sent.on('response', response => void text(response).then(resolve, reject)).on('error', reject)
    sent.write(head)
    const zeros = Buffer.alloc(megabyte)
    let left = bytes
    const push = (): void => {
      while (left > 0) {
        const chunk = left < zeros.length ? zeros.subarray(0, left) : zeros
        left -= chunk.length
        if (!sent.write(chunk)) {
          sent.once('drain', push)
          return
        }
      }
      sent.end(tail)
    }
    push()
  })
}

function mega(bytes: number): string {
  return `${(bytes / megabyte).toFixed(1)} MiB`
}
