import * as z from 'zod'
import type { Path } from './origin.ts'
import { configFile } from './schema.ts'

/** As much of JSON Schema (2020-12) as zod writes for the configuration. */
export interface JsonSchema {
  [keyword: string]: unknown
  type?: string
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  additionalProperties?: JsonSchema | boolean
  anyOf?: JsonSchema[]
}

let cached: JsonSchema | undefined

/** The JSON Schema of the file as it is written, for editors; the same object at each call. */
export function configJsonSchema(): JsonSchema {
  cached ??= {
    ...(z.toJSONSchema(configFile, {
      io: 'input',
      override: ({ jsonSchema }) => allowReference(jsonSchema as JsonSchema),
    }) as JsonSchema),
    title: 'Headgate configuration',
  }
  return cached
}

/** The names that may stand in the section at a path, by the JSON Schema; none where any name may. */
export function knownKeys(path: Path): string[] {
  const node = path.reduce<JsonSchema | undefined>(step, configJsonSchema())
  return Object.keys(node?.properties ?? {})
}

function step(node: JsonSchema | undefined, key: string | number): JsonSchema | undefined {
  if (typeof key === 'number') return node?.items
  const other = typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined
  return node?.properties?.[key] ?? other
}

const environmentReference = { type: 'string', pattern: '\\$\\{' }

/** A number, a word or a patterned text may be written as `${VARIABLE}`; editors are told so. */
function allowReference(schema: JsonSchema): void {
  const scalar = ['number', 'integer', 'boolean'].includes(schema.type ?? '')
  const strict = schema.type === 'string' && ('enum' in schema || 'const' in schema || 'pattern' in schema)
  if (!scalar && !strict) return
  const { default: value, description, ...rest } = schema
  for (const keyword of Object.keys(schema)) delete schema[keyword]
  if (description !== undefined) schema['description'] = description
  if (value !== undefined) schema['default'] = value
  schema.anyOf = [rest, environmentReference]
}
