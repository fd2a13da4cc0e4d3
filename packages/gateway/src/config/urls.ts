import { type AddressClass, classifyHost } from './address.ts'
import type { Problem } from './errors.ts'

/** What is wrong with a value, and what to do about it. */
export type Remark = Pick<Problem, 'message' | 'fix'>

const urlForm = 'write https://HOST/PATH, with nothing after the path'

/**
 * What is wrong with the text of a URL that requests go to. Checked before parsing, which would drop tabs and an empty
 * `?`. User info may only stand where a credential of its own belongs.
 */
export function shapeProblem(
  written: string,
  options: { readonly userInfo?: 'allowed' } = {},
): Remark | undefined {
  if (!/^https?:\/\//i.test(written)) return { message: 'must be an http or https URL', fix: urlForm }
  if (!URL.canParse(written) || /[\s\\\p{C}]/u.test(written) || written.length > 2048) {
    return { message: 'is not a valid URL', fix: urlForm }
  }
  const { username, password, hostname } = new URL(written)
  const holdsUser = username || password || /^https?:\/\/[^/?#]*@/i.test(written)
  if (holdsUser && options.userInfo !== 'allowed') {
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

/** Requests do not go inside the network unless the operator says so. Names are judged when connecting. */
export function hostProblem(url: URL, allowPrivate: boolean): Remark | undefined {
  if (allowPrivate) return undefined
  const kind = classifyHost(url.hostname)
  if (kind === 'public') return undefined
  const fix =
    kind === 'metadata' ? 'name the API’s own host' : 'add allowPrivate: true to the account if that is meant'
  return { message: `leads to ${described[kind]}`, fix }
}

/** Nor do keys leave in the clear. */
export function addressProblem(url: URL, allowPrivate: boolean): Remark | undefined {
  if (allowPrivate) return undefined
  const inside = hostProblem(url, allowPrivate)
  if (inside !== undefined || url.protocol === 'https:') return inside
  return {
    message: 'uses plain http, which would send the key and the prompts unencrypted',
    fix: 'use https, or add allowPrivate: true to the account if the network is trusted',
  }
}
