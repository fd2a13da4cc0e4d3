/**
 * Headgate as a library: the gateway of `headgate serve`, started from code. To schedule accounts in a program of
 * one's own without a gateway, use `@headgate/scheduler`.
 */
export { startHeadgate } from './app.ts'
export { ConfigError, formatProblem, type Problem } from './config/errors.ts'
export { type LoadedConfig, loadConfig } from './config/load.ts'
export type { HeadgateHandle, StartOptions } from './handle.ts'
