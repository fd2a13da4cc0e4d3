import type { AccountTlsConfig, TlsConfig } from './config.ts'
import { entriesAt, valueAt } from './document-tree.ts'
import type { Problem } from './errors.ts'
import { type Path, pointer } from './origin.ts'
import type { Draft } from './parse-yaml.ts'
import { areCertificateAndKey, areCertificates, PemProblems, readPemAt } from './pem-files.ts'
import { Secret } from './secret.ts'

/** What stands in the files of every `tls` section, or what is wrong with them. */
export interface TlsFilesRead {
  readonly server: TlsConfig | undefined
  readonly problems: readonly Problem[]
  /** Of the account at a path; undefined where it has no section, or one without files that can be used. */
  account(path: Path): AccountTlsConfig | undefined
}

/** Where no file is read. */
export const noTlsFiles: TlsFilesRead = { server: undefined, problems: [], account: () => undefined }

interface Reading {
  readonly draft: Draft
  readonly baseDir: string
  readonly problems: PemProblems
}

/** Reads every file, however much else is wrong, and checks that they are what they are named as. */
export async function readTlsFiles(draft: Draft, options: { baseDir: string }): Promise<TlsFilesRead> {
  const problems = new PemProblems(draft)
  const reading = { draft, problems, ...options }
  const pair = await readPair(reading, ['server', 'tls'])
  const accounts = new Map<string, AccountTlsConfig>()
  for (const { path, value } of entriesAt(draft.tree, ['accounts'])) {
    if (valueAt(value, ['tls']) !== undefined) accounts.set(pointer(path), await readAccount(reading, path))
  }
  return { server: pair, problems: problems.list, account: path => accounts.get(pointer(path)) }
}

async function readPair(reading: Reading, section: Path): Promise<TlsConfig | undefined> {
  const cert = await readPemAt(reading.draft, [...section, 'cert'], reading)
  const key = await readPemAt(reading.draft, [...section, 'key'], reading)
  if (cert === undefined || key === undefined) return undefined
  if (!areCertificateAndKey(cert, key, reading.problems)) return undefined
  return { certFile: cert.file, keyFile: key.file, cert: cert.text, key: new Secret(key.text) }
}

async function readAccount(reading: Reading, account: Path): Promise<AccountTlsConfig> {
  const section = [...account, 'tls']
  const pair = await readPair(reading, section)
  const ca = await readPemAt(reading.draft, [...section, 'ca'], reading)
  const trusted = ca !== undefined && areCertificates(ca, reading.problems) ? ca : undefined
  return { ...pair, caFile: trusted?.file, ca: trusted?.text }
}
