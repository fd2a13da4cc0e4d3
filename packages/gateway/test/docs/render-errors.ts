import {
  type ErrorCode,
  type ErrorEntry,
  errorCatalogue,
  type RetryAdvice,
} from '../../src/proxy/errors/error-catalogue.ts'
import { errorHelp } from './error-remedies.ts'

const introduction = `# Errors

<!-- Generated from packages/gateway/src/proxy/errors/error-catalogue.ts and test/docs/error-remedies.ts. Edit there, then run:
     node --conditions=headgate-source packages/gateway/test/docs/generate-errors.ts -->

Every error that Headgate itself answers with. An upstream's own refusal of a request (a 4xx about its content) is
relayed as it came and is not listed here.

\`\`\`json
{"error": {"message": "...", "type": "...", "param": null, "code": "queue_full"}, "request_id": "req_..."}
\`\`\`

Codes are stable; messages are not. \`{name}\` in a message is filled in when it is sent. In a stream that has begun the
error is an event: \`event: error\` with a flat body in Responses, \`data: {"error": ...}\` in Chat Completions.

**Trying again.** OpenAI's SDKs retry 408, 409, 429 and 5xx by themselves; they are told the truth. *later*: the answer
has \`Retry-After\`. *never*: it has \`x-should-retry: false\`. *as usual*: neither, unless the gateway knows more: a time
to come back adds \`Retry-After\`, and after failures at several accounts \`x-should-retry: false\` says that it has
already tried elsewhere.
`

const advice: Record<RetryAdvice, string> = { never: 'never', later: 'later', default: 'as usual' }

/** The error reference: one table to find a code in, one paragraph a code, whose anchor is the code. */
export function renderErrors(): string {
  const entries = Object.entries(errorCatalogue) as [ErrorCode, ErrorEntry][]
  const rows = entries.map(
    ([code, { status, type, retry }]) =>
      `| [\`${code}\`](#${code}) | ${status} | \`${type}\` | ${retryOf(status, retry)} |\n`,
  )
  const table = `\n| code | status | type | trying again |\n|---|--:|---|---|\n${rows.join('')}`
  return `${introduction}${table}${entries.map(paragraph).join('')}`
}

/** A client's mistake is not mended by sending it again. */
const retryOf = (status: number, retry: RetryAdvice): string =>
  retry === 'default' && status < 500 && status !== 408 && status !== 429 ? 'no use' : advice[retry]

function paragraph([code, { status, message }]: [ErrorCode, ErrorEntry]): string {
  const { when, remedy } = errorHelp[code]
  return `\n### \`${code}\`\n\n${status}. ${when}\n\n> ${message}\n\n**Remedy:** ${remedy}\n`
}
