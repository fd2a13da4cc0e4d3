import type { Problem } from './rules.ts'
import type { Scenario } from './scenario.ts'

/** What is wrong with a scenario whose fields are right each for itself: what one of them says of another. */
export function acrossFields(scenario: Scenario, problems: Problem[]): void {
  checkTenants(scenario, problems)
  checkIncidents(scenario, problems)
  const { gateways: { restartsAtSeconds = [] } = {}, durationSeconds } = scenario
  for (const [place, at] of restartsAtSeconds.entries())
    checkBeforeEnd(at, durationSeconds, { path: ['gateways', 'restartsAtSeconds', place], problems })
}

function checkTenants({ workload: { tenants = [] }, durationSeconds }: Scenario, problems: Problem[]): void {
  const sum = tenants.reduce((total, { share: part }) => total + part, 0)
  if (sum > 1.000001) {
    const fix = 'let the shares add up to 1 at most'
    problems.push({ path: ['workload', 'tenants'], message: `have shares that add up to ${sum}`, fix })
  }
  for (const [place, { name, fromSeconds = 0, toSeconds }] of tenants.entries()) {
    const path = ['workload', 'tenants', place]
    const first = tenants.findIndex(tenant => tenant.name === name)
    if (first < place) {
      const message = `is ${JSON.stringify(name)}, as that of tenants[${first}] is`
      problems.push({ path: [...path, 'name'], message, fix: 'give every tenant a name of its own' })
    }
    checkBeforeEnd(fromSeconds, durationSeconds, { path: [...path, 'fromSeconds'], problems })
    if (toSeconds === undefined || toSeconds > fromSeconds) continue
    const message = `is ${toSeconds}, not after fromSeconds, which is ${fromSeconds}`
    const fix = 'write when the tenant stops, later than fromSeconds, or leave it out'
    problems.push({ path: [...path, 'toSeconds'], message, fix })
  }
}

function checkIncidents({ incidents = [], accounts, durationSeconds }: Scenario, problems: Problem[]): void {
  for (const [place, { fromSeconds, accounts: befallen }] of incidents.entries()) {
    if (typeof befallen === 'number' && befallen > accounts.count) {
      problems.push({
        path: ['incidents', place, 'accounts'],
        message: `is ${befallen}, more than the ${accounts.count} there are`,
        fix: 'write at most accounts.count, or a share such as 1/8',
      })
    }
    checkBeforeEnd(fromSeconds, durationSeconds, { path: ['incidents', place, 'fromSeconds'], problems })
  }
}

function checkBeforeEnd(
  seconds: number,
  durationSeconds: number,
  { path, problems }: { readonly path: Problem['path']; readonly problems: Problem[] },
): void {
  if (seconds < durationSeconds) return
  const fix = `write less than ${durationSeconds}, or make durationSeconds longer`
  problems.push({ path, message: `is ${seconds}, after the scenario has ended`, fix })
}
