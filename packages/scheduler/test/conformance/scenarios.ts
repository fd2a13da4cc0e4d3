import { type Decision, isSchedulerError, type Selection } from '../../src/index.ts'
import { differences } from './difference.ts'
import type { ScenarioVector, SelectExpectation, SelectOperation } from './scenario-vector.ts'
import { createScenarioWorld, type ScenarioWorld } from './scenario-world.ts'

/** The reference's words for every reason there is to choose none. */
const noAccountText = 'no available OpenAI accounts'

/** What an answer looks like to the reference's caller, but for the binding. */
type Answer = Omit<SelectExpectation, 'sessionBinding'>

/**
 * Runs one scenario and stops at the first step that differs: all later differences would follow from it.
 */
export async function checkScenario(vector: ScenarioVector): Promise<string[]> {
  const world = createScenarioWorld(vector)
  try {
    for (const [place, operation] of vector.ops.entries()) {
      if (operation.op !== 'select') {
        world.apply(operation)
        continue
      }
      const got = {
        ...(await select(world, operation)),
        sessionBinding: world.sessionBinding(operation.groupId, operation.sessionHash),
      }
      const found = differences(`op ${place} (select)`, operation.expect, got)
      if (found.length > 0) return found
    }
    const metrics = new Map(Object.entries(world.scheduler.metrics()))
    const named = Object.keys(vector.metrics).map(name => [name, metrics.get(name)])
    return differences('metrics', vector.metrics, Object.fromEntries(named))
  } finally {
    world.scheduler.close()
  }
}

async function select(world: ScenarioWorld, operation: SelectOperation): Promise<Answer> {
  let selection: Selection
  try {
    selection = await world.scheduler.select({
      model: operation.model,
      transport: operation.transport,
      session: operation.sessionHash,
      previousResponse: operation.previousResponseId,
      group: operation.groupId,
      excluded: new Set((operation.excluded ?? []).map(String)),
    })
  } catch (error) {
    return storeFailure(error)
  }
  if (selection.kind === 'none') return failure(selection.decision!, noAccountText)
  if (selection.kind === 'wait') {
    const { account, ...limits } = selection.plan
    const plan = { ...limits, accountId: Number(account) }
    return { ...facts(selection.decision!), acquired: false, waitPlan: plan }
  }
  if (operation.handle !== undefined) world.leases.set(operation.handle, selection.lease)
  const accountId = Number(selection.lease.account.id)
  return { ...facts(selection.decision!), accountId, acquired: true }
}

/** The answer as the decision has it. */
function facts(decision: Decision): Answer {
  const { layer, stickyPreviousHit, stickySessionHit, candidateCount, topK, loadSkew, accountType } = decision
  const accountId = decision.account === undefined ? 0 : Number(decision.account)
  return {
    accountId,
    accountType,
    layer,
    stickyPreviousHit,
    stickySessionHit,
    candidateCount,
    topK,
    loadSkew,
  }
}

function failure(decision: Decision, text: string): Answer {
  return { ...facts(decision), accountId: 0, accountType: '', error: text }
}

/** A store's error ends a selection; what the store said is the cause, what was counted is in the decision. */
function storeFailure(error: unknown): Answer {
  if (!isSchedulerError(error) || error.code !== 'store_failed' || error.decision === undefined) throw error
  const text = error.cause instanceof Error ? error.cause.message : error.message
  return failure(error.decision, text)
}
