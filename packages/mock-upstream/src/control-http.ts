import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccountProfile } from './account-profile.ts'
import { MockConfigError } from './check-fields.ts'
import type { MockControl } from './control.ts'
import type { FaultRule } from './faults/fault-rules.ts'
import { readBody } from './request-body.ts'
import type { ScenarioStep } from './scenario.ts'
import { writeBody } from './stream/wire.ts'

/** Where the control lives; no API of OpenAI's begins like this. */
export const CONTROL_PREFIX = '/__mock/'

const MAX_CONTROL_BYTES = 4 * 1024 * 1024

/** Serves {@link MockControl} as JSON over HTTP, without a key. */
export function handleControl(
  control: MockControl,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  readBody(request, MAX_CONTROL_BYTES, body => {
    try {
      const answer = route(control, request, body)
      writeBody(response, 200, ['content-type', 'application/json'], `${JSON.stringify(answer)}\n`)
    } catch (error) {
      if (!(error instanceof MockConfigError || error instanceof SyntaxError)) throw error
      const text = `${JSON.stringify({ error: { message: error.message } })}\n`
      writeBody(response, 400, ['content-type', 'application/json'], text)
    }
  })
}

function route(control: MockControl, request: IncomingMessage, body: Buffer | null): unknown {
  if (body === null) throw new MockConfigError(`The body is larger than ${MAX_CONTROL_BYTES} bytes.`)
  const url = new URL(request.url!, 'http://mock')
  const command = `${request.method} ${url.pathname.slice(CONTROL_PREFIX.length)}`
  switch (command) {
    case 'POST faults': {
      const rules = parse(body)
      return { ids: (Array.isArray(rules) ? rules : [rules]).map(rule => control.fault(rule as FaultRule)) }
    }
    case 'GET faults':
      return { faults: control.faults() }
    case 'DELETE faults':
      return { cleared: control.clearFaults(Object.fromEntries(url.searchParams)) }
    case 'POST profile': {
      const { account, ...profile } = parse(body) as { account?: unknown } & AccountProfile
      if (typeof account !== 'string') throw new MockConfigError('The body must name an "account".')
      control.setProfile(account, profile)
      return { account }
    }
    case 'POST scenario': {
      const steps = parse(body) as ScenarioStep[]
      control.runScenario(steps)
      return { steps: steps.length }
    }
    case 'GET stats':
      return control.stats()
    case 'GET requests':
      return { requests: control.requests() }
    case 'POST reset':
      control.reset()
      return { reset: true }
  }
  const known = 'POST|GET|DELETE faults, POST profile, POST scenario, GET stats, GET requests, POST reset'
  throw new MockConfigError(`There is no control command ${command}. There are: ${known}.`)
}

function parse(body: Buffer): unknown {
  return JSON.parse(body.toString())
}
