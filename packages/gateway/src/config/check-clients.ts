import { entriesAt, valueAt } from './document-tree.ts'
import type { Problem } from './errors.ts'
import type { Draft } from './parse-yaml.ts'

/** Every client needs a key; and the two ports must not collide. */
export function checkClients(draft: Draft): Problem[] {
  const keyless = entriesAt(draft.tree, ['clients']).filter(
    ({ value }) =>
      isSection(value) && isEmpty(valueAt(value, ['keys'])) && valueAt(value, ['keysFile']) === undefined,
  )
  return [
    ...keyless.map(({ path }) => ({
      origin: draft.origins.nearest([...path, 'keys']),
      path: [...path, 'keys'],
      message: 'is missing; a client without a key could never call',
      fix: `add keys: ["\${VARIABLE}"] or keysFile: /path/of/a/file`,
    })),
    ...collidingPorts(draft),
  ]
}

const isSection = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isEmpty = (keys: unknown): boolean => keys === undefined || (Array.isArray(keys) && keys.length === 0)

function collidingPorts(draft: Draft): Problem[] {
  const path = ['telemetry', 'metricsPort']
  const metricsPort = valueAt(draft.tree, path)
  const port = valueAt(draft.tree, ['server', 'port']) ?? 8080
  if (metricsPort === undefined || metricsPort === 0 || metricsPort !== port) return []
  const fix = 'choose another port, or leave metricsPort out to serve /metrics beside the rest'
  return [{ origin: draft.origins.nearest(path), path, message: 'is the port of the server as well', fix }]
}
