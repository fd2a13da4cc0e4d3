import { servesModel } from '../model/model-rules.ts'
import type { Filter } from './filter.ts'

/** Leaves out accounts that do not serve the requested model. */
export const modelFilter: Filter = {
  reason: 'model',
  passes: (account, { model }) => servesModel(account, model),
}
