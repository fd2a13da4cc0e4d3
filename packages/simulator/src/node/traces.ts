import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Traces } from '../scenario/build.ts'

/** The traces that come with this package, unpacked when first asked for and kept. */
export function shippedTraces(): Traces {
  const texts = new Map<string, string>()
  const text = (name: string): string => {
    const known = texts.get(name)
    if (known !== undefined) return known
    const read = gunzipSync(readFileSync(new URL(`../../traces/${name}.gz`, import.meta.url))).toString(
      'utf8',
    )
    texts.set(name, read)
    return read
  }
  return {
    conversation: () => text('mooncake_conversation.jsonl'),
    azureCode: () => text('azure2023_code.csv'),
    azureConversation: () => text('azure2023_conv.csv'),
  }
}
