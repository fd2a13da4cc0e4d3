import { isIP } from 'node:net'
import * as z from 'zod'
import { credential, filePath, listOf, oneOf, says, section, size, text, whole } from './fields.ts'

/** A TCP port; 0 asks the system for any free one. */
export const port = () => whole(0, 65_535)

const trustedProxy = () => {
  const error = says('must be an IP address or a CIDR range', 'write 10.0.0.1, 10.0.0.0/8 or fd00::/8')
  return z.string({ error }).refine(isAddressOrRange, { error })
}

function isAddressOrRange(written: string): boolean {
  const [address, bits, ...rest] = written.split('/')
  const version = isIP(address ?? '')
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

export const server = section({
  host: text(
    /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$|^[0-9A-Fa-f:.]{2,45}$/,
    'must be an IP address or a host name',
    'write 127.0.0.1 for this machine only or 0.0.0.0 for every interface',
  )
    .prefault('127.0.0.1')
    .describe('The address to listen on. Reachable from this machine only unless told otherwise.'),
  port: port().prefault(8080).describe('The port to listen on; 0 takes any free one and prints it.'),
  trustedProxies: listOf(trustedProxy(), 100)
    .prefault([])
    .describe(
      'Proxies (addresses or CIDR ranges) whose X-Forwarded-For or Forwarded is believed. The client’s address goes into logs, and counts its wrong keys.',
    ),
  tls: section({
    cert: filePath().describe('A PEM file with the certificate, and after it any intermediate ones.'),
    key: filePath().describe('A PEM file with its private key, without a passphrase.'),
  })
    .optional()
    .describe(
      'Speaks HTTPS instead of HTTP. Both files are read at the start. telemetry.metricsPort stays plain.',
    ),
})

export const admin = section({
  token: credential(16)
    .optional()
    .describe('The bearer token of the admin API. Without one the admin API is off.'),
})

export const store = section({
  kind: z
    .literal('embedded', {
      error: issue =>
        issue.input === 'redis'
          ? says('redis is not available yet', 'use kind: embedded')
          : says('must be embedded', 'use kind: embedded'),
    })
    .prefault('embedded')
    .describe('Where session and owner bindings are kept.'),
  path: filePath().prefault('./data').describe('The folder of the embedded store.'),
})

export const telemetry = section({
  logLevel: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .prefault('info')
    .describe('The least severe level that is logged.'),
  metricsPort: port()
    .optional()
    .describe(
      'A port of its own for /metrics, open without a token. Omitted: /metrics needs the admin token.',
    ),
  decisionLog: section({
    path: filePath().describe('The JSON Lines file to append decisions to.'),
    maxSize: size(1024, 1024 ** 4)
      .prefault('64MiB')
      .describe('The size at which a new file is begun.'),
    maxFiles: whole(1, 1000).prefault(5).describe('How many files are kept.'),
  })
    .optional()
    .describe('A log of every decision, without any text of prompts. Omitted: off.'),
})
