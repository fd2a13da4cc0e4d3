import type { AccountConfig } from '../config/config.ts'
import type { Collected } from '../proxy/attempt/collect.ts'
import { broken, doubtful, type Finding } from './finding.ts'

type Reply = Collected & { readonly kind: 'reply' }

/** What an upstream's answer to `GET /models` says of the account; nothing when it is a list. */
export function answerFindings(account: AccountConfig, reply: Reply): Finding[] {
  const { status } = reply
  const { host } = new URL(account.baseUrl)
  if (status === 401 || status === 403) return [refused(account, status)]
  if (status === 429)
    return [doubtful(`${host} is at a limit of the account right now (429)`, 'wait, or raise the limit')]
  if (status === 404)
    return [
      broken(
        `${host} has no list of models below ${account.baseUrl}`,
        'check the path in baseUrl: it ends in /v1',
      ),
    ]
  if (status >= 300 && status < 400)
    return [
      broken(
        `${host} redirects (${status}), which is not followed`,
        'write the place it leads to in baseUrl',
      ),
    ]
  if (status !== 200)
    return [broken(`${host} answers ${status}`, 'look at the status page or the log of the upstream')]
  if (modelsOf(reply) === undefined)
    return [
      broken(
        `${host} answers with something that is no list of models`,
        'check baseUrl: another server may be there',
      ),
    ]
  return []
}

/** The names in a list of models; undefined when it is none. */
export function modelsOf({ status, body }: Reply): readonly string[] | undefined {
  if (status !== 200) return undefined
  try {
    const { data } = JSON.parse(Buffer.from(body).toString('utf8')) as { data?: unknown }
    if (!Array.isArray(data)) return undefined
    return data
      .map((item: unknown) => (item as { id?: unknown } | null)?.id)
      .filter((id): id is string => typeof id === 'string' && /^[\x21-\x7e]{1,256}$/.test(id))
  } catch {
    return undefined
  }
}

/** Names in the file that the upstream does not list. Azure lists base models, and the file names deployments. */
export function modelFindings({ kind, models = [] }: AccountConfig, listed: readonly string[]): Finding[] {
  if (kind === 'azure') return []
  const names = models.map(({ pattern, upstream }) => upstream ?? pattern).filter(name => !name.endsWith('*'))
  return [...new Set(names)]
    .filter(name => !listed.includes(name))
    .map(name =>
      doubtful(
        `the upstream does not list the model ${name}`,
        'correct models, or load the model on the server',
      ),
    )
}

function refused({ kind, apiKey, auth }: AccountConfig, status: number): Finding {
  if (auth !== undefined)
    return broken(
      `the upstream refuses the token (${status})`,
      'give the application the role Cognitive Services OpenAI User on the resource; check auth.scope',
    )
  if (apiKey === undefined)
    return broken(
      `the upstream wants a key (${status}), and the account has none`,
      'add apiKey to the account',
    )
  const fix =
    kind === 'openai'
      ? 'replace apiKey; check organization and project'
      : 'replace apiKey by one that is in force'
  return broken(`the upstream refuses the key (${status})`, fix)
}
