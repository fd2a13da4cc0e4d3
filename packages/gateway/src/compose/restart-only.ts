import type { Config } from '../config/config.ts'

/** Parts of the configuration that a running process keeps as they were when it started. */
const FIXED = ['server', 'store', 'limits', 'telemetry'] as const

/** Which of those differ: a reload applies everything else and says this. */
export function restartOnly(running: Config, next: Config): string[] {
  return FIXED.flatMap(section => {
    const before = running[section] as unknown as Readonly<Record<string, unknown>>
    const after = next[section] as unknown as Readonly<Record<string, unknown>>
    const fields = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...fields]
      .filter(field => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
      .map(field => `${section}.${field}`)
  })
}
