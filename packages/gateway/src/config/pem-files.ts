import { createPrivateKey, X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { textAt } from './document-tree.ts'
import type { Problem } from './errors.ts'
import { type Path, readablePath } from './origin.ts'
import type { Draft } from './parse-yaml.ts'
import { readText } from './read-file.ts'

const maxBytes = 1024 * 1024

/** What stands in a file that the document names. */
export interface PemFile {
  /** Where the document names it. */
  readonly path: Path
  /** Absolute. */
  readonly file: string
  readonly text: string
}

/** Collects what is wrong with the files of a draft. */
export class PemProblems {
  readonly list: Problem[] = []
  readonly #draft: Draft

  constructor(draft: Draft) {
    this.#draft = draft
  }

  report(path: Path, message: string, fix: string): void {
    this.list.push({ origin: this.#draft.origins.nearest(path), path, message: `the file ${message}`, fix })
  }
}

/** Reads the file named at a path; undefined where none is named or it cannot be read, which is reported. */
export async function readPemAt(
  draft: Draft,
  path: Path,
  { baseDir, problems }: { baseDir: string; problems: PemProblems },
): Promise<PemFile | undefined> {
  const named = textAt(draft.tree, path)
  if (named === undefined || named === '' || named.includes('\0')) return undefined
  const file = resolve(baseDir, named)
  const read = await readText(file, maxBytes)
  if (read.kind === 'text') return { path, file, text: read.text }
  problems.report(path, read.message, read.fix)
  return undefined
}

/** Whether the files are a certificate and its key; what they are not is reported. */
export function areCertificateAndKey(cert: PemFile, key: PemFile, problems: PemProblems): boolean {
  const certificate = parsed(() => new X509Certificate(cert.text))
  const privateKey = parsed(() => createPrivateKey(key.text))
  if (certificate === undefined) problems.report(cert.path, ...noCertificate)
  if (privateKey === undefined)
    problems.report(
      key.path,
      'is not a private key in PEM, or needs a passphrase',
      'name one that begins with -----BEGIN PRIVATE KEY-----',
    )
  if (certificate === undefined || privateKey === undefined) return false
  if (certificate.checkPrivateKey(privateKey)) return true
  problems.report(
    key.path,
    `is not the key of the certificate in ${readablePath(cert.path)}`,
    'name the key that the certificate was made with; the certificate stands before its intermediate ones',
  )
  return false
}

/** Whether a file holds certificates, one or more; anything else is reported. */
export function areCertificates({ path, text }: PemFile, problems: PemProblems): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  const good =
    blocks.length > 0 && blocks.every(block => parsed(() => new X509Certificate(block)) !== undefined)
  if (!good) problems.report(path, ...noCertificate)
  return good
}

const noCertificate = [
  'is not a certificate in PEM',
  'name one that begins with -----BEGIN CERTIFICATE-----',
] as const

/** The parser's words are OpenSSL's and help nobody; that it refuses is what counts. */
function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}
