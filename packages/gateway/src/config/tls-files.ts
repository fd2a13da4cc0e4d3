import { createPrivateKey, X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import type { TlsConfig } from './config.ts'
import { textAt } from './document-tree.ts'
import type { Problem } from './errors.ts'
import type { Draft } from './parse-yaml.ts'
import { readText } from './read-file.ts'
import { Secret } from './secret.ts'

const maxBytes = 1024 * 1024

/** What stands in the files of `server.tls`: the configuration, or why there is none. */
export interface TlsFilesRead {
  readonly config?: TlsConfig
  readonly problems: readonly Problem[]
}

type Part = 'cert' | 'key'
type Report = (part: Part, message: string, fix: string) => void

/** Reads both files, however much else is wrong, and checks that they are a certificate and its key. */
export async function readTlsFiles(draft: Draft, options: { baseDir: string }): Promise<TlsFilesRead> {
  const problems: Problem[] = []
  const report: Report = (part, message, fix) => {
    const path = ['server', 'tls', part]
    problems.push({ origin: draft.origins.nearest(path), path, message: `the file ${message}`, fix })
  }
  const cert = await readPart('cert', draft, { ...options, report })
  const key = await readPart('key', draft, { ...options, report })
  if (cert === undefined || key === undefined || !belongTogether(cert.text, key.text, report)) {
    return { problems }
  }
  const config = { certFile: cert.file, keyFile: key.file, cert: cert.text, key: new Secret(key.text) }
  return { config, problems }
}

async function readPart(
  part: Part,
  draft: Draft,
  { baseDir, report }: { baseDir: string; report: Report },
): Promise<{ file: string; text: string } | undefined> {
  const named = textAt(draft.tree, ['server', 'tls', part])
  if (named === undefined || named === '' || named.includes('\0')) return undefined
  const file = resolve(baseDir, named)
  const read = await readText(file, maxBytes)
  if (read.kind === 'text') return { file, text: read.text }
  report(part, read.message, read.fix)
  return undefined
}

function belongTogether(cert: string, key: string, report: Report): boolean {
  const certificate = parsed(() => new X509Certificate(cert))
  const privateKey = parsed(() => createPrivateKey(key))
  if (certificate === undefined)
    report('cert', 'is not a certificate in PEM', 'name one that begins with -----BEGIN CERTIFICATE-----')
  if (privateKey === undefined)
    report(
      'key',
      'is not a private key in PEM, or needs a passphrase',
      'name one that begins with -----BEGIN PRIVATE KEY-----',
    )
  if (certificate === undefined || privateKey === undefined) return false
  if (certificate.checkPrivateKey(privateKey)) return true
  report(
    'key',
    'is not the key of the certificate in server.tls.cert',
    'name the key that the certificate was made with; the certificate stands before its intermediate ones',
  )
  return false
}

/** The parser's words are OpenSSL's and help nobody; that it refuses is what counts. */
function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}
