import type { Config } from '../config/config.ts'

/** Parts of the configuration that a running process keeps as they were when it started. */
const FIXED = ['server', 'store', 'limits', 'telemetry'] as const

/** What a reload puts in force: the new configuration, with those parts as the process started with them. */
export function inForce(started: Config, next: Config): Config {
  const { server, store, limits, telemetry } = started
  return { ...next, server, store, limits, telemetry } satisfies Pick<Config, (typeof FIXED)[number]>
}

/** Which of those differ from what the process started with: a reload applies everything else and says this. */
export function restartOnly(started: Config, next: Config): string[] {
  return FIXED.flatMap(section => {
    const before = started[section] as unknown as Readonly<Record<string, unknown>>
    const after = next[section] as unknown as Readonly<Record<string, unknown>>
    const fields = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...fields]
      .filter(field => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
      .map(field => `${section}.${field}`)
  })
}
