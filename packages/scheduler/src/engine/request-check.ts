import { SchedulerError } from '../errors.ts'
import type { ScheduleRequest } from '../model/request.ts'

/** Refuses figures that cannot be compared: one of them in a queue would make its order meaningless. */
export function checkRequest(request: ScheduleRequest): void {
  const { priority, tenantWeight, tenantLimit, estimatedTokens, inputTokens } = request
  if (priority !== undefined) check('priority', priority, Number.isFinite(priority), 'a finite number')
  if (tenantWeight !== undefined) {
    const fine = tenantWeight > 0 && Number.isFinite(tenantWeight)
    check('tenantWeight', tenantWeight, fine, 'a finite number above 0')
  }
  if (tenantLimit !== undefined) check('tenantLimit', tenantLimit, !Number.isNaN(tenantLimit), 'a number')
  if (estimatedTokens !== undefined) {
    const fine = estimatedTokens >= 0 && Number.isFinite(estimatedTokens)
    check('estimatedTokens', estimatedTokens, fine, 'a finite number of at least 0')
  }
  if (inputTokens !== undefined) {
    const fine = inputTokens >= 0 && Number.isFinite(inputTokens)
    check('inputTokens', inputTokens, fine, 'a finite number of at least 0')
  }
}

function check(field: string, given: number, isFine: boolean, wanted: string): void {
  if (isFine) return
  throw new SchedulerError('invalid_request', `${field} is ${given}; it must be ${wanted}.`)
}
