import { ABLATIONS, POLICIES } from '../policies/catalogue.ts'

/**
 * What a reader of a table must know of the policies in it that hedge: that a gateway does so only when its pool says
 * so. `''` when none of them hedges. Names that are no policies count as not hedging.
 */
export function hedgeNote(policies: Iterable<string>): string {
  const hedging = [...new Set(policies)].filter(name => budgetOf(name) > 0)
  if (hedging.length === 0) return ''
  const names = hedging.length > 3 ? `${hedging.slice(0, 3).join(', ')} and others` : hedging.join(', ')
  return (
    `Hedged: ${names}, at most ${100 * budgetOf(hedging[0]!)} % of requests. Hedging is opt-in in the gateway: ` +
    'hedge: { after: auto, budget: 0.03 } in a pool. adaptive:no-hedge is adaptive without it.'
  )
}

function budgetOf(name: string): number {
  return [...POLICIES, ...ABLATIONS].find(policy => policy.name === name)?.hedgeBudget ?? 0
}
