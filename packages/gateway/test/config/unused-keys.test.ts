import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../src/config/errors.ts'
import { configJsonSchema, type JsonSchema } from '../../src/config/json-schema.ts'
import { UNUSED_KEYS } from '../../src/config/unused-keys.ts'
import { load, yaml } from './fixture.ts'

const warned = async (text: string): Promise<string[]> =>
  (await load({ text })).warnings.map(warning => formatProblem(warning).replace(/^.*(?=config\.yaml)/, ''))

describe('a key that nothing acts on yet', () => {
  it.each([
    [
      'config.yaml:4:68 accounts[0].capabilities.websocket: is not used yet: an upgrade to WebSocket is refused whatever it says. Fix: remove it.',
      yaml({ account: ', capabilities: { websocket: true }' }),
    ],
    [
      'config.yaml:5:29 limits.websocketMessage: is not used yet: an upgrade to WebSocket is refused whatever it says. Fix: remove it.',
      yaml({ rest: 'limits: { websocketMessage: 1MiB }' }),
    ],
  ])('is warned of: %s', async (warning, text) => {
    expect(await warned(text)).toEqual([warning])
  })

  it('is no worry when it asks for nothing', async () => {
    const account = ', capabilities: { websocket: false }'
    expect(await warned(yaml({ account }))).toEqual([])
  })

  it.each(UNUSED_KEYS)('is described so in the schema: $path', ({ path }) => {
    const described = path.reduce<JsonSchema | undefined>(
      (node, step) => (step === '*' ? node?.items : node?.properties?.[step]),
      configJsonSchema(),
    )
    expect(described?.['description']).toMatch(/^Not used yet\. /)
  })
})
