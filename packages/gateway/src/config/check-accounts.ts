import { type AddressClass, classifyHost } from './address.ts'
import type { AccountKind } from './config.ts'
import { type Entry, entriesAt, textAt, valueAt } from './document-tree.ts'
import type { Problem } from './errors.ts'
import { type KindDefaults, kindDefaults } from './kinds.ts'
import type { Path } from './origin.ts'
import type { Draft } from './parse-yaml.ts'

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

/** Undefined for a kind that does not exist, which the schema reports. */
const defaultsOf = (account: unknown): KindDefaults | undefined =>
  Object.hasOwn(kindDefaults, kindOf(account)) ? kindDefaults[kindOf(account) as AccountKind] : undefined

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
  if (!inline && !inFile && defaultsOf(value)?.keyless === false) {
    const fix = `add apiKey: "\${VARIABLE}" or apiKeyFile: /path/of/a/file`
    report([...path, 'apiKey'], `is missing; an account of kind ${kindOf(value)} needs a key`, fix)
  }
}

function checkBaseUrl({ path, value }: Entry, report: Report): void {
  const here = [...path, 'baseUrl']
  const written = textAt(value, ['baseUrl'])
  if (written === undefined) {
    const defaults = defaultsOf(value)
    const needed = defaults !== undefined && defaults.baseUrl === undefined
    if (needed && valueAt(value, ['baseUrl']) === undefined)
      report(
        here,
        `is missing; an account of kind ${kindOf(value)} needs one`,
        'add baseUrl: https://HOST/v1',
      )
    return
  }
  const dated = datedProblem(written)
  const shape = shapeProblem(written)
  const problem =
    dated ?? shape ?? addressProblem(new URL(written), valueAt(value, ['allowPrivate']) === true)
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

/**
 * The dated API of Azure names the deployment in the path and a version in the query: a body's `model` would be
 * ignored there, and half of the endpoints are elsewhere. Looked for first, because its query is not the mistake.
 */
function datedProblem(written: string): Remark | undefined {
  if (!/\/openai\/deployments(?:\/|$)|[?&]api-version=/i.test(written)) return undefined
  const host = /^https?:\/\/([^/?#@\s\\]+)(?=[/?#])/i.exec(written)?.[1] ?? 'RESOURCE.openai.azure.com'
  return {
    message: 'is the dated API of Azure (/openai/deployments/…?api-version=…), which is not served',
    fix: `write https://${host}/openai/v1 and map models to deployments: models: { gpt-5.1: my-deployment }`,
  }
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
