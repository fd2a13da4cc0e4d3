import { type AddressClass, classifyHost } from './address.ts'
import { type Entry, entriesAt, textAt, valueAt } from './document-tree.ts'
import type { Problem } from './errors.ts'
import type { Path } from './origin.ts'
import type { Draft } from './parse-yaml.ts'
import { accountKinds } from './schema/account.ts'

/** Where accounts of kind `openai` are when they do not say. */
export const openaiBaseUrl = 'https://api.openai.com/v1'

type Report = (path: Path, message: string, fix: string) => void

/** The rules that join several keys of one account: which of them its kind needs, and where it may connect to. */
export function checkAccounts(draft: Draft): Problem[] {
  const problems: Problem[] = []
  const report: Report = (path, message, fix) =>
    problems.push({ origin: draft.origins.nearest(path), path, message, fix })
  for (const entry of entriesAt(draft.tree, ['accounts'])) {
    if (typeof entry.value !== 'object' || entry.value === null) continue
    checkKey(entry, report)
    checkBaseUrl(entry, report)
    checkModels(entry, report)
  }
  return problems
}

const kindOf = (account: unknown): string => textAt(account, ['kind']) ?? 'openai'

function checkKey({ path, value }: Entry, report: Report): void {
  const inline = valueAt(value, ['apiKey']) !== undefined
  const inFile = valueAt(value, ['apiKeyFile']) !== undefined
  if (inline && inFile) {
    report(
      [...path, 'apiKeyFile'],
      'stands beside apiKey, so it is unclear which key is meant',
      'keep one of the two',
    )
  }
  const keyless = kindOf(value) === 'openai-compatible' || !accountKinds.includes(kindOf(value) as never)
  if (!inline && !inFile && !keyless) {
    const fix = `add apiKey: "\${VARIABLE}" or apiKeyFile: /path/of/a/file`
    report([...path, 'apiKey'], `is missing; an account of kind ${kindOf(value)} needs a key`, fix)
  }
}

function checkBaseUrl({ path, value }: Entry, report: Report): void {
  const here = [...path, 'baseUrl']
  const written = textAt(value, ['baseUrl'])
  if (written === undefined) {
    const kind = kindOf(value)
    const missing =
      kind !== 'openai' && accountKinds.includes(kind as never) && valueAt(value, ['baseUrl']) === undefined
    if (missing)
      report(here, `is missing; an account of kind ${kind} needs one`, 'add baseUrl: https://HOST/v1')
    return
  }
  const url = shapeProblem(written) === undefined ? new URL(written) : undefined
  const problem = url ? addressProblem(url, valueAt(value, ['allowPrivate']) === true) : shapeProblem(written)
  if (problem) report(here, problem.message, problem.fix)
}

type Remark = Pick<Problem, 'message' | 'fix'>

const urlForm = 'write https://HOST/PATH, with nothing after the path'

/** What is wrong with a base URL as text. Checked before parsing, which would drop tabs and an empty `?`. */
function shapeProblem(written: string): Remark | undefined {
  if (!/^https?:\/\//i.test(written)) return { message: 'must be an http or https URL', fix: urlForm }
  if (!URL.canParse(written) || /[\s\\\p{C}]/u.test(written) || written.length > 2048) {
    return { message: 'is not a valid URL', fix: urlForm }
  }
  const { username, password, hostname } = new URL(written)
  if (username || password || /^https?:\/\/[^/?#]*@/i.test(written)) {
    return {
      message: `holds user info before an @, so its host is ${hostname}`,
      fix: 'remove everything up to the @ and put the key into apiKey',
    }
  }
  if (written.includes('?')) return { message: 'holds a query (?…), which is not allowed', fix: urlForm }
  if (written.includes('#')) return { message: 'holds a fragment (#…), which is not allowed', fix: urlForm }
  return undefined
}

const described: Readonly<Record<AddressClass, string>> = {
  public: '',
  loopback: 'this machine itself (loopback)',
  private: 'a private or reserved address',
  'link-local': 'a link-local address',
  metadata: 'a cloud metadata service, which hands out credentials',
  unspecified: 'the unspecified address',
  embedding: 'an IPv6 address with an IPv4 address inside',
}

/** Keys must not leave in the clear, nor requests go inside the network, unless the operator says so. */
function addressProblem(url: URL, allowPrivate: boolean): Remark | undefined {
  if (allowPrivate) return undefined
  const kind = classifyHost(url.hostname)
  if (kind !== 'public') {
    const fix =
      kind === 'metadata'
        ? 'name the API’s own host'
        : 'add allowPrivate: true to the account if that is meant'
    return { message: `leads to ${described[kind]}`, fix }
  }
  if (url.protocol === 'https:') return undefined
  return {
    message: 'uses plain http, which would send the key and the prompts unencrypted',
    fix: 'use https, or add allowPrivate: true to the account if the network is trusted',
  }
}

/** Maps have distinct keys already. Cycles are not a mistake: a mapping is applied once. */
function checkModels({ path, value }: Entry, report: Report): void {
  const listed = valueAt(value, ['models'])
  if (!Array.isArray(listed)) return
  const seen = new Set<unknown>()
  for (const [index, model] of listed.entries()) {
    if (typeof model === 'string' && seen.has(model)) {
      report([...path, 'models', index], 'is listed twice', 'keep one of the two')
    }
    seen.add(model)
  }
}
