import { responseBindingKey, sessionBindingKey } from '../../src/affinity/binding-key.ts'
import { goTrim } from '../../src/go-trim.ts'
import { type Account, classicProfile, createScheduler, type Lease, type Scheduler } from '../../src/index.ts'
import {
  createManualClock,
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from '../../src/memory/index.ts'
import type { ScenarioOperation, ScenarioVector, VectorAccount } from './scenario-vector.ts'
import { createDirectedSlots } from './stand-ins.ts'

/** A `classic` scheduler in the world of one scenario, driven through its public surface. */
export interface ScenarioWorld {
  readonly scheduler: Scheduler
  /** Slots in hand by the handles of the vector. */
  readonly leases: Map<number, Lease>
  /** Does what any operation but a select says. */
  apply(operation: Exclude<ScenarioOperation, { op: 'select' }>): void
  /** The account a session is bound to, null without one. */
  sessionBinding(groupId: string | null, session: string): number | null
}

const hourMs = 3_600_000
const pool = 'default'
const scopeOf = (group: string | null) => ({ tenant: '', pool, group })

function accountOf(vector: VectorAccount): Account {
  return {
    id: String(vector.id),
    order: vector.id,
    type: vector.type,
    platform: vector.openai ? 'openai' : 'other',
    priority: vector.priority,
    concurrency: vector.concurrency,
    models: vector.models ?? [],
    supportsWebSocket: vector.supportsWebSocket,
    status: vector.disabled ? 'disabled' : 'active',
    schedulable: vector.schedulable,
  }
}

export function createScenarioWorld({ accounts: given, weights, topK }: ScenarioVector): ScenarioWorld {
  const clock = createManualClock()
  const accounts = createMemoryAccounts(given.map(accountOf))
  const slots = createDirectedSlots(createMemorySlots())
  const bindings = createMemoryBindings({ clock })
  const leases = new Map<number, Lease>()
  const scheduler = createScheduler({
    pool,
    profile: classicProfile({ weights, topK }),
    accounts,
    slots,
    bindings,
    clock,
    random: createSeededRandom(1),
  })

  function apply(operation: Exclude<ScenarioOperation, { op: 'select' }>): void {
    switch (operation.op) {
      case 'release':
        leases.get(operation.handle)?.[Symbol.dispose]()
        return
      case 'report':
        scheduler.report(String(operation.accountId), operation)
        return
      case 'switch':
        scheduler.reportSwitch()
        return
      case 'bindResponse': {
        const key = responseBindingKey(scopeOf(operation.groupId), goTrim(operation.responseId))
        bindings.put(key, String(operation.accountId), hourMs)
        return
      }
      case 'setWaiting':
        slots.setWaiting(String(operation.accountId), operation.waiting)
        return
      case 'setSchedulable': {
        const id = String(operation.accountId)
        const { schedulable } = operation
        accounts.replace(
          accounts.list().map(account => (account.id === id ? { ...account, schedulable } : account)),
        )
        return
      }
      case 'setLoadError':
        slots.setLoadError(operation.fails ? 'fails' : 'works')
        return
      case 'setAcquireError':
        slots.setAcquireError(String(operation.accountId), operation.fails ? 'fails' : 'works')
        return
      default:
        throw new Error(`the runner does not know the operation ${JSON.stringify(operation)}`)
    }
  }

  return {
    scheduler,
    leases,
    apply,
    sessionBinding(groupId, session) {
      const trimmed = goTrim(session)
      const target = trimmed === '' ? undefined : bindings.get(sessionBindingKey(scopeOf(groupId), trimmed))
      return target === undefined ? null : Number(target)
    },
  }
}
