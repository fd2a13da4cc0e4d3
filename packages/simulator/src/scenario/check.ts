import { LOAD_LAWS, READING_LAWS } from '../world/latency.ts'
import { acrossFields } from './across-fields.ts'
import {
  anyOf,
  list,
  number,
  object,
  optional,
  type Problem,
  type Rule,
  required,
  text,
  told,
} from './rules.ts'
import type { Scenario } from './scenario.ts'

const WORKLOADS = ['conversation', 'agents', 'azure-code', 'azure-conversation'] as const

const seconds = number({ least: 0, most: 86_400 })
const share = number({ least: 0, most: 1 })

const tenant = object({
  name: required(text),
  share: required(share),
  weight: optional(number({ least: 0.001, most: 1_000 })),
  fromSeconds: optional(seconds),
  toSeconds: optional(seconds),
})

const when = {
  fromSeconds: required(seconds),
  forSeconds: required(seconds),
  accounts: required(countOrShare),
}

const INCIDENTS: Readonly<Record<string, Rule>> = {
  brown_out: object({
    ...when,
    kind: required(text),
    firstToken: optional(number({ least: 0.1, most: 1_000 })),
    decode: optional(number({ least: 0.1, most: 1_000 })),
  }),
  dead: object({ ...when, kind: required(text) }),
  errors: object({ ...when, kind: required(text), share: optional(share) }),
  quota: object({
    ...when,
    kind: required(text),
    tokens: required(number({ least: 1, most: 1e12, whole: true })),
  }),
}

const scenarioRule = object({
  name: required(text),
  description: optional(text),
  durationSeconds: required(number({ least: 1, most: 86_400 })),
  accounts: required(
    object({
      count: required(number({ least: 1, most: 10_000, whole: true })),
      slots: optional(list(number({ least: 1, most: 10_000, whole: true }))),
      tiers: optional(tiers),
    }),
  ),
  workload: required(
    object({
      kind: required(anyOf(WORKLOADS)),
      load: required(number({ least: 0.01, most: 10 })),
      keyedShare: optional(share),
      tenants: optional(list(tenant)),
    }),
  ),
  incidents: optional(list(incident)),
  backgroundErrors: optional(share),
  servers: optional(
    object({
      load: optional(anyOf(LOAD_LAWS)),
      reading: optional(anyOf(READING_LAWS)),
      readingSpread: optional(number({ least: 0, most: 2 })),
      cacheSeconds: optional(seconds),
      noise: optional(number({ least: 0, most: 2 })),
    }),
  ),
  gateways: optional(
    object({
      count: optional(number({ least: 1, most: 64, whole: true })),
      staleSeconds: optional(number({ least: 0, most: 600 })),
      restartsAtSeconds: optional(list(seconds)),
    }),
  ),
})

/** Everything that is wrong with what should be a {@link Scenario}; nothing when it is one. Never throws. */
export function scenarioProblems(value: unknown): Problem[] {
  const problems: Problem[] = []
  scenarioRule(value, [], problems)
  if (problems.length === 0) acrossFields(value as Scenario, problems)
  return problems
}

function incident(value: unknown, path: Problem['path'], problems: Problem[]): void {
  const kind = (value as { kind?: unknown } | null)?.kind
  const rule = typeof kind === 'string' && Object.hasOwn(INCIDENTS, kind) ? INCIDENTS[kind] : undefined
  if (rule !== undefined) rule(value, path, problems)
  else anyOf(Object.keys(INCIDENTS))(kind, [...path, 'kind'], problems)
}

function countOrShare(value: unknown, path: Problem['path'], problems: Problem[]): void {
  const isCount = typeof value === 'number' && Number.isInteger(value) && value >= 1
  const match = typeof value === 'string' ? /^(\d{1,4})\/(\d{1,4})$/.exec(value) : null
  const isShare = match !== null && Number(match[1]) >= 1 && Number(match[1]) <= Number(match[2])
  if (isCount || isShare) return
  const fix = 'write how many accounts it befalls, or their share of the pool as a fraction, such as 1/8'
  problems.push({ path, message: `is ${told(value)}, neither a number nor a share`, fix })
}

function tiers(value: unknown, path: Problem['path'], problems: Problem[]): void {
  const before = problems.length
  list(share)(value, path, problems)
  if (problems.length > before) return
  const shares = value as number[]
  if (shares.at(-1) === 1 && shares.every((upTo, i) => i === 0 || upTo > shares[i - 1]!)) return
  const fix = 'write rising shares of which the last is 1, such as [0.5, 1] for two halves'
  problems.push({ path, message: 'are no cumulative shares', fix })
}
