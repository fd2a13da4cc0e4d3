/**
 * Headgate as a library: the gateway of `headgate serve`, started from code, or its data plane as a `fetch` function
 * with no server at all. To schedule accounts for calls of one's own, use `@headgate/scheduler`.
 */
export { explain } from '@headgate/scheduler'
export { startHeadgate } from './app.ts'
export { ConfigError, formatProblem, type Problem } from './config/errors.ts'
export type { ConfigObject } from './config/from-object.ts'
export { type LoadedConfig, loadConfig } from './config/load.ts'
export type { HeadgateHandle, StartOptions } from './handle.ts'
export { type CreateFetchOptions, createFetch, type HeadgateFetch } from './in-process/create-fetch.ts'
export type { RequestRecord } from './proxy/request-record.ts'
export type { Log, LogFields } from './runtime/log.ts'
