import type { Account, ModelRules } from './account.ts'

/** True when an account serves a model: no rules or an empty model always do. */
export function servesModel(account: Account, model: string): boolean {
  return model === '' || upstreamModel(account.models, model) !== undefined
}

/**
 * The name an upstream knows a model by; undefined when the rules do not cover it. An exact name wins over
 * patterns, among patterns the longest; the trailing `*` of a pattern stands for any ending, also none.
 */
export function upstreamModel(rules: ModelRules | undefined, model: string): string | undefined {
  if (rules === undefined) return model
  if (isList(rules)) {
    if (rules.length === 0) return model
    for (const rule of rules) if (matches(rule, model)) return model
    return undefined
  }
  if (Object.hasOwn(rules, model)) return rules[model]
  let longest = ''
  let empty = true
  for (const rule of Object.keys(rules)) {
    empty = false
    if (rule.length > longest.length && matches(rule, model)) longest = rule
  }
  if (empty) return model
  return longest === '' ? undefined : rules[longest]
}

function isList(rules: ModelRules): rules is readonly string[] {
  return Array.isArray(rules)
}

function matches(rule: string, model: string): boolean {
  return rule.endsWith('*') ? model.startsWith(rule.slice(0, -1)) : rule === model
}
