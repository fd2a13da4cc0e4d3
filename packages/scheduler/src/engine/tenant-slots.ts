import type { Run } from './run.ts'

/** How many slots each tenant holds or is being given here: what `tenantLimit` is measured against. */
export interface TenantSlots {
  /** Counts one for the run's tenant; false, and nothing counted, when that would exceed its limit. */
  take(run: Run): boolean
  /** True when the run's tenant is at the limit this request names. */
  isFull(run: Run): boolean
  /** Gives back what `take` counted for this run; true when there was something. */
  give(run: Run): boolean
  /** Gives one back for a tenant: a lease has ended. */
  giveBack(tenant: string): void
  held(tenant: string): number
}

/**
 * Counts per tenant; one that holds nothing is forgotten. Requests that name neither tenant nor limit are not
 * counted and cost one comparison.
 */
export function createTenantSlots(): TenantSlots {
  const counts = new Map<string, number>()

  function giveBack(tenant: string): void {
    const left = (counts.get(tenant) ?? 1) - 1
    if (left > 0) counts.set(tenant, left)
    else counts.delete(tenant)
  }

  function isAtLimit(limit: number, held: number): boolean {
    return limit > 0 && held >= limit
  }

  return {
    take(run) {
      const { tenant = '', tenantLimit } = run.request
      if (tenant === '' && tenantLimit === undefined) return true
      const held = counts.get(tenant) ?? 0
      if (tenantLimit !== undefined && isAtLimit(tenantLimit, held)) return false
      counts.set(tenant, held + 1)
      run.tenantCounted = true
      return true
    },
    isFull({ request: { tenant = '', tenantLimit } }) {
      return tenantLimit !== undefined && isAtLimit(tenantLimit, counts.get(tenant) ?? 0)
    },
    give(run) {
      if (!run.tenantCounted) return false
      run.tenantCounted = false
      giveBack(run.tenant)
      return true
    },
    giveBack,
    held: tenant => counts.get(tenant) ?? 0,
  }
}
