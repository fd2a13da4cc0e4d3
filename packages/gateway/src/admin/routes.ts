import { GatewayError } from '../proxy/errors/errors.ts'
import { viewAccount, viewAccounts, viewEvents } from './account-view.ts'
import type { AdminWorld, OperatorAction, ReloadReport } from './admin-world.ts'
import { viewDecision, viewDecisions } from './decision-view.ts'

/** What a route is told of its request; everything is text from outside. */
export interface AdminRequest {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, unknown>>
  readonly remoteAddress: string
}

/** One route; what it answers becomes JSON, and a `GatewayError` that it throws the answer. */
export interface AdminRoute {
  readonly method: 'GET' | 'POST'
  /** Below `/admin/api`, with `:name` places. */
  readonly path: string
  run(request: AdminRequest): unknown
}

/** A configuration that cannot be used, with every problem on a line of its own. */
export class RejectedConfig extends GatewayError {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super('config_rejected', { values: { count: problems.length } })
    this.problems = problems
  }
}

const actions: readonly OperatorAction[] = ['drain', 'enable', 'disable', 'reset']

/** The whole surface of the admin API. A GET changes nothing; a POST has no body. */
export function adminRoutes(world: AdminWorld): AdminRoute[] {
  return [
    { method: 'GET', path: '/accounts', run: () => ({ accounts: viewAccounts(world) }) },
    { method: 'GET', path: '/accounts/:id', run: ({ params }) => accountOf(world, params['id']!) },
    {
      method: 'GET',
      path: '/accounts/:id/events',
      run({ params, query }) {
        const { id } = accountOf(world, params['id']!)
        return { events: viewEvents(world, { account: id, limit: limitOf(query) }) }
      },
    },
    ...actions.map(action => actionRoute(world, action)),
    {
      method: 'GET',
      path: '/events',
      run: ({ query }) => ({ events: viewEvents(world, { limit: limitOf(query) }) }),
    },
    {
      method: 'GET',
      path: '/decisions',
      run: ({ query }) => ({ decisions: viewDecisions(world, limitOf(query)) }),
    },
    { method: 'GET', path: '/decisions/:pool/:id', run: ({ params }) => decisionOf(world, params) },
    {
      method: 'POST',
      path: '/reload',
      async run({ remoteAddress }) {
        world.log.info({ remoteAddress }, 'An operator asked for a reload.')
        return reloaded(await world.reload())
      },
    },
  ]
}

function actionRoute(world: AdminWorld, action: OperatorAction): AdminRoute {
  return {
    method: 'POST',
    path: `/accounts/:id/${action}`,
    run({ params, remoteAddress }) {
      const id = params['id']!
      if (!world.operate(id, action)) throw unknownAccount(id)
      world.log.info({ account: id, kind: action, remoteAddress }, 'An operator acted on an account.')
      return accountOf(world, id)
    },
  }
}

function accountOf(world: AdminWorld, id: string) {
  const account = viewAccount(world, id)
  if (account === undefined) throw unknownAccount(id)
  return account
}

function unknownAccount(id: string): GatewayError {
  return new GatewayError('account_not_found', { param: 'id', values: { id } })
}

function decisionOf(world: AdminWorld, { pool, id }: AdminRequest['params']) {
  const decision = /^\d{1,15}$/.test(id!) ? viewDecision(world, pool!, Number(id)) : undefined
  if (decision === undefined)
    throw new GatewayError('decision_not_found', { values: { pool: pool!, id: id! } })
  return decision
}

const defaultLimit = 100
const maxLimit = 1000

function limitOf({ limit }: AdminRequest['query']): number {
  if (limit === undefined) return defaultLimit
  const value = typeof limit === 'string' && /^\d{1,4}$/.test(limit) ? Number(limit) : 0
  if (value >= 1 && value <= maxLimit) return value
  throw new GatewayError('invalid_value', {
    param: 'limit',
    values: { param: 'limit', expected: `a whole number from 1 to ${maxLimit}` },
  })
}

function reloaded(report: ReloadReport): object {
  switch (report.kind) {
    case 'reloaded':
      return { status: 'reloaded', accounts: report.accounts, pools: report.pools, later: report.later }
    case 'no_file':
      throw new GatewayError('reload_unavailable')
    case 'rejected':
      throw new RejectedConfig(report.problems)
  }
}
