import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildWorld, type Scenario, scenarioProblems } from '@headgate/simulator'
import { shippedScenarios, shippedTraces } from '@headgate/simulator/node'
import { afterAll, describe, expect, it } from 'vitest'
import { loadDocument } from '../../src/config/load-document.ts'

const folder = mkdtempSync(join(tmpdir(), 'headgate-scenarios-'))
afterAll(() => rmSync(folder, { recursive: true }))

const load = async (file: string) =>
  (await loadDocument(file, { what: 'scenario', problemsOf: scenarioProblems })) as Scenario

async function problemsOf(yaml: string): Promise<string> {
  const file = join(folder, 'scenario.yaml')
  writeFileSync(file, yaml)
  return await load(file).then(
    () => '',
    error => String(error.message).replaceAll(folder, ''),
  )
}

describe('the scenarios that come along', () => {
  it.each([...shippedScenarios()])('%s can be read and built', async (name, file) => {
    const scenario = await load(file)
    expect(scenario.name.replaceAll(' ', '-')).toBe(name)
    const world = buildWorld(scenario, 1, shippedTraces())
    expect(world.accounts).toHaveLength(scenario.accounts.count)
    expect(world.sessions.length).toBeGreaterThan(100)
    expect(world.incidents).toHaveLength(scenario.incidents?.length ?? 0)
  })
})

const right = `name: mine
durationSeconds: 60
accounts: { count: 4 }
workload: { kind: agents, load: 0.5 }
`

const withTenants = (tenants: string) => right.replace('load: 0.5', `load: 0.5, tenants: [${tenants}]`)

describe('a wrong scenario says where and what', () => {
  it('and a right one nothing', async () => {
    expect(await problemsOf(right)).toBe('')
  })

  it.each([
    [
      'a field that is none',
      `${right}seeds: 3\n`,
      /scenario\.yaml:5:8 seeds: is no field of a scenario\. Fix: remove it/,
    ],
    ['a missing field', right.replace(', load: 0.5', ''), /:4:11 workload: has no load\. Fix: add load\./],
    [
      'a number out of range',
      right.replace('count: 4', 'count: 0'),
      /accounts\.count: is 0; it must be a whole number from 1/,
    ],
    [
      'a word that is none',
      right.replace('agents', 'agent'),
      /workload\.kind: is "agent", which it cannot be\. Fix: write one of conversation, agents/,
    ],
    [
      'an incident of no kind',
      `${right}incidents: [{ kind: flood, fromSeconds: 1, forSeconds: 1, accounts: 1 }]\n`,
      /incidents\[0\]\.kind: is "flood".*Fix: write one of brown_out, dead, errors, quota/,
    ],
    [
      'a share that is none',
      `${right}incidents: [{ kind: dead, fromSeconds: 1, forSeconds: 1, accounts: 3/2 }]\n`,
      /incidents\[0\]\.accounts: is "3\/2", neither a number nor a share/,
    ],
    [
      'an incident of more accounts than there are',
      `${right}incidents: [{ kind: dead, fromSeconds: 1, forSeconds: 1, accounts: 5 }]\n`,
      /incidents\[0\]\.accounts: is 5, more than the 4 there are\. Fix: write at most accounts\.count/,
    ],
    [
      'an incident after the end',
      `${right}incidents: [{ kind: dead, fromSeconds: 60, forSeconds: 1, accounts: 1 }]\n`,
      /incidents\[0\]\.fromSeconds: is 60, after the scenario has ended\. Fix: write less than 60,/,
    ],
    [
      'tiers that do not end at 1',
      right.replace('count: 4', 'count: 4, tiers: [0.5]'),
      /accounts\.tiers: are no cumulative shares/,
    ],
    [
      'tenants of more than everything',
      right.replace('load: 0.5', 'load: 0.5, tenants: [{ name: a, share: 0.7 }, { name: b, share: 0.7 }]'),
      /workload\.tenants: have shares that add up to 1\.4/,
    ],
    [
      'a tenant that stops before it starts',
      withTenants('{ name: a, share: 0.7, fromSeconds: 20, toSeconds: 10 }'),
      /workload\.tenants\[0\]\.toSeconds: is 10, not after fromSeconds, which is 20\. Fix: write when the tenant stops/,
    ],
    [
      'a tenant that stops at once',
      withTenants('{ name: a, share: 0.7, toSeconds: 0 }'),
      /tenants\[0\]\.toSeconds: is 0, not after fromSeconds, which is 0\./,
    ],
    [
      'a tenant that comes after the end',
      withTenants('{ name: a, share: 0.7, fromSeconds: 60 }'),
      /tenants\[0\]\.fromSeconds: is 60, after the scenario has ended/,
    ],
    [
      'two tenants of one name',
      withTenants('{ name: a, share: 0.2 }, { name: b, share: 0.2 }, { name: a, share: 0.2 }'),
      /workload\.tenants\[2\]\.name: is "a", as that of tenants\[0\] is\. Fix: give every tenant a name of its own/,
    ],
    [
      'a restart after the end',
      `${right}gateways: { restartsAtSeconds: [30, 60] }\n`,
      /:5:\d+ gateways\.restartsAtSeconds\[1\]: is 60, after the scenario has ended\. Fix: write less than 60,/,
    ],
    [
      'a number for a list',
      `${right}gateways: { restartsAtSeconds: 900 }\n`,
      /gateways\.restartsAtSeconds: is 900; it must be a list\. Fix: put it in brackets: \[900\]\./,
    ],
    [
      'a map for a list',
      `${right}incidents: { kind: dead }\n`,
      /incidents: is \{"kind":"dead"\}; it must be a list\. Fix: begin every entry with -/,
    ],
    [
      'an empty list',
      `${right}incidents: []\n`,
      /incidents: is an empty list\. Fix: write at least one entry/,
    ],
    [
      'no number',
      `${right}backgroundErrors: .nan\n`,
      /backgroundErrors: is \.nan; it must be a number from 0 to 1/,
    ],
    [
      'no end',
      `${right}incidents: [{ kind: dead, fromSeconds: 1, forSeconds: 1, accounts: -.inf }]\n`,
      /incidents\[0\]\.accounts: is -\.inf, neither a number nor a share/,
    ],
    [
      'a list that is not closed',
      `incidents: [{ kind: dead }\n${right}`,
      /scenario\.yaml:2:1: a \[ before this place is not closed, or its \] is not indented\. Fix: write \]/,
    ],
    [
      'a map that is not closed',
      `accounts: { count: 4\n${right}`,
      /: a \{ before this place is not closed, or its \} is not indented\. Fix: write \}/,
    ],
    ['a list', '- 1\n', /is \[1\]; it must have fields/],
    ['no file', '', /must have fields/],
  ])('%s', async (_what, yaml, expected) => {
    expect(await problemsOf(yaml)).toMatch(expected)
  })

  it('a file that is not there', async () => {
    await expect(load(join(folder, 'none.yaml'))).rejects.toThrow(/the scenario does not exist/)
  })
})
