import type { AdminApi } from './admin-api.ts'
import type { AdminWorld } from './admin-world.ts'

/** The admin API's place in the gateway's server. */
export interface AdminMount {
  readonly prefix: string
  /** Whether there is an API to hand requests to now. */
  takes(): boolean
  handle(...exchange: Parameters<AdminApi['handle']>): Promise<void>
  close(): Promise<void>
}

/** Mounts the API below `/admin/`. Nothing of it is loaded before the first request that finds a token in force. */
export function createAdminMount(world: AdminWorld): AdminMount {
  let api: Promise<AdminApi> | undefined
  let hinted = false
  return {
    prefix: '/admin/',
    takes() {
      if (world.token() !== undefined) return true
      if (!hinted) world.log.warn({}, 'The admin API is off: set admin.token to switch it on.')
      hinted = true
      return false
    },
    async handle(request, response, remoteAddress) {
      api ??= import('./admin-api.ts').then(({ createAdminApi }) => createAdminApi(world))
      const { handle } = await api
      handle(request, response, remoteAddress)
    },
    async close() {
      await (await api)?.close()
    },
  }
}
