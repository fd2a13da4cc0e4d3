import { type Entry, textAt, valueAt } from './document-tree.ts'
import type { ReportProblem } from './errors.ts'
import { hostProblem, type Remark, shapeProblem } from './urls.ts'

const proxyForm = 'write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT'

/** How an account reaches its upstream: the proxy's URL, and which TLS files need each other. */
export function checkEgress({ path, value }: Entry, report: ReportProblem): void {
  const proxy = textAt(value, ['proxy'])
  const allowPrivate = valueAt(value, ['allowPrivate']) === true
  const problem = proxy === undefined ? undefined : proxyProblem(proxy, allowPrivate)
  if (problem !== undefined) report([...path, 'proxy'], problem.message, problem.fix)
  for (const [part, other] of [
    ['cert', 'key'],
    ['key', 'cert'],
  ] as const) {
    const stands = (name: string) => valueAt(value, ['tls', name]) !== undefined
    if (stands(part) && !stands(other))
      report([...path, 'tls', part], `stands without tls.${other}`, 'name both files, or neither')
  }
}

function proxyProblem(written: string, allowPrivate: boolean): Remark | undefined {
  const shape = shapeProblem(written, { userInfo: 'allowed' })
  // No part of it is quoted: what stands in the wrong place may be the password.
  if (shape !== undefined) return { message: shape.message, fix: proxyForm }
  const url = new URL(written)
  if (url.pathname !== '/')
    return { message: 'holds a path, but a proxy is a host and a port', fix: proxyForm }
  if (!isDecodable(url.username) || !isDecodable(url.password))
    return { message: 'holds a % that encodes nothing', fix: 'write %25 for a % in the user or password' }
  return hostProblem(url, allowPrivate)
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
