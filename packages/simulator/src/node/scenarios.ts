import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../scenarios/', import.meta.url))

/** The scenario files that come with this package: name to path. */
export function shippedScenarios(): ReadonlyMap<string, string> {
  const files = readdirSync(folder).filter(file => file.endsWith('.yaml'))
  return new Map(files.sort().map(file => [file.slice(0, -'.yaml'.length), `${folder}${file}`]))
}
