import type { Account } from '../model/account.ts'
import { upstreamModel } from '../model/model-rules.ts'

/** What counts an account's limits: its own id unless it says otherwise. */
export function limitDomain(account: Account): string {
  return account.limitDomain ?? account.id
}

/** What the upstream calls a model. Aliases that an account maps to one upstream model share its limits. */
export function upstreamName({ models }: Account, model: string): string {
  if (models === undefined || Array.isArray(models)) return model
  return upstreamModel(models, model) ?? model
}
