// Reads a decision log and says, for every request, why it went where it went; then computes each decision again.
import { readFileSync } from 'node:fs'
import { type Decision, explain, replay } from '@headgate/scheduler'

interface Line {
  /** `account` lines tell of changes of accounts' states. */
  readonly kind: 'request' | 'account'
  readonly request: { readonly requestId: string; readonly status: number; readonly errorCode?: string }
  readonly decisions: readonly Decision[]
}

const [file, requestId] = process.argv.slice(2)
if (file === undefined) throw new Error('Give the path of a decision log, and perhaps a request id.')

const lines = readFileSync(file, 'utf8').trim().split('\n')
for (const line of lines) {
  const { kind, request, decisions } = JSON.parse(line) as Line
  if (kind === 'account') continue
  if (requestId !== undefined && request.requestId !== requestId) continue
  console.log(`${request.requestId}: ${request.status} ${request.errorCode ?? ''}`.trimEnd())
  for (const decision of decisions) tell(decision)
}

function tell(decision: Decision): void {
  const { sentences, columns, rows } = explain(decision)
  for (const sentence of sentences) console.log(`  ${sentence}`)
  for (const row of [columns, ...rows])
    console.log(`    ${row.map(cell => String(cell).padEnd(11)).join('')}`.trimEnd())
  // The order is unknown, not wrong, where the picker draws nothing (load-aware).
  const { scoresAgree, orderAgrees = true } = replay(decision)
  console.log(
    `  ${scoresAgree && orderAgrees ? 'Computed again: the same.' : 'Computed again: NOT the same.'}`,
  )
}
