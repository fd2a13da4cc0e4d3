import { validateHeaderName, validateHeaderValue } from 'node:http'
import { checkFields, type FieldRules, MockConfigError } from '../check-fields.ts'
import { ENDPOINTS } from '../endpoint-names.ts'
import type { Fault, FaultKind } from './fault.ts'
import type { FaultRule } from './fault-rules.ts'

const COUNT = { type: 'integer', min: 0, max: 1_000_000_000 } as const
const TEXT = { type: 'string' } as const
const BASE: FieldRules = {
  kind: { type: 'string', required: true },
  delayMs: { type: 'number', min: 0, max: 86_400_000 },
}
const PLACE: FieldRules = { afterEvents: COUNT, afterBytes: COUNT }

const FIELDS: { readonly [kind in FaultKind]: FieldRules } = {
  status: {
    status: { type: 'integer', min: 200, max: 599, required: true },
    ...{ code: TEXT, type: TEXT, message: TEXT },
    retryAfterMs: { type: 'number', min: 0, max: 86_400_000_000 },
    headers: { type: 'object' },
    body: { type: 'any' },
  },
  delay: { delayMs: { type: 'number', min: 0, max: 86_400_000, required: true } },
  stall: PLACE,
  cut: { ...PLACE, midEvent: { type: 'boolean' }, how: { type: 'string', oneOf: ['end', 'reset'] } },
  errorInside200: {
    as: { type: 'string', oneOf: ['failed', 'error', 'nestedError', 'errorThenFailed'] },
    ...{ code: TEXT, message: TEXT, afterEvents: COUNT },
  },
  blackHole: {},
  malformed: { shape: { type: 'string', oneOf: ['notJson', 'html'], required: true }, afterEvents: COUNT },
  empty: {},
  redirect: { location: { type: 'string', required: true }, status: { type: 'integer', min: 300, max: 399 } },
  garbageAfterEnd: { where: { type: 'string', oneOf: ['body', 'socket'] }, text: TEXT },
  slowDrip: {
    bytesPerWrite: { type: 'integer', min: 1, max: 1_000_000, required: true },
    everyMs: { type: 'number', min: 0, max: 3_600_000, required: true },
  },
  hugeEvent: { megabytes: { type: 'number', min: 0, max: 256, required: true }, afterEvents: COUNT },
  hugeHeaders: { kilobytes: { type: 'number', min: 0, max: 4096, required: true } },
}

const RULE_FIELDS: FieldRules = {
  fault: { type: 'object', required: true },
  account: TEXT,
  endpoint: { type: 'string', oneOf: ENDPOINTS },
  times: { type: 'integer', min: 1, max: 1_000_000_000 },
  probability: { type: 'number', min: 0, max: 1 },
}

/** Throws MockConfigError when `fault` is not a {@link Fault}. */
function checkFault(fault: unknown, where: string): asserts fault is Fault {
  const kind = (fault as { kind?: unknown } | null)?.kind
  if (typeof kind !== 'string' || !Object.hasOwn(FIELDS, kind)) {
    const kinds = Object.keys(FIELDS).join(', ')
    throw new MockConfigError(`${where}.kind must be one of ${kinds}; got ${JSON.stringify(kind)}.`)
  }
  checkFields(fault, { ...BASE, ...FIELDS[kind as FaultKind] }, where)
  const { location, headers } = fault as { location?: string; headers?: Record<string, unknown> }
  checkHeaders({ ...headers, ...(location === undefined ? {} : { location }) }, where)
  const { afterEvents, afterBytes } = fault as { afterEvents?: number; afterBytes?: number }
  if (afterEvents !== undefined && afterBytes !== undefined) {
    throw new MockConfigError(`${where} has both afterEvents and afterBytes. Give one place.`)
  }
}

/** Throws MockConfigError when `rule` is not a {@link FaultRule}. */
export function checkFaultRule(rule: unknown, where: string): asserts rule is FaultRule {
  checkFields(rule, RULE_FIELDS, where)
  checkFault((rule as FaultRule).fault, `${where}.fault`)
}

function checkHeaders(headers: Record<string, unknown>, where: string): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value as string)
      if (typeof value !== 'string') throw new TypeError('The value must be a string.')
    } catch (error) {
      throw new MockConfigError(
        `${where}: header ${JSON.stringify(name)} cannot be sent. ${(error as Error).message}`,
      )
    }
  }
}
