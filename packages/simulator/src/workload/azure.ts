import { BLOCK_TOKENS } from '../world/prefix-cache.ts'
import type { SessionTemplate } from './session.ts'

/** An Azure trace: what was asked, and when. */
export interface AzureTrace {
  /** Requests on their own: the trace does not say which belong together. */
  readonly templates: readonly SessionTemplate[]
  /** When they came, in milliseconds. */
  readonly rhythm: readonly number[]
}

/** Reads an Azure LLM inference trace (2023): lines of `TIMESTAMP,ContextTokens,GeneratedTokens` below a heading. */
export function azureTrace(csv: string): AzureTrace {
  const templates: SessionTemplate[] = []
  const rhythm: number[] = []
  for (const line of csv.split(/\r?\n/).slice(1)) {
    const [at, input, output] = line.split(',')
    const atMs = Date.parse(`${at?.slice(0, 23).replace(' ', 'T')}Z`)
    const inputTokens = Number(input)
    const outputTokens = Number(output)
    if (!(inputTokens > 0) || !(outputTokens >= 0) || Number.isNaN(atMs)) continue
    const blocks = Array.from({ length: Math.ceil(inputTokens / BLOCK_TOKENS) }, (_, place) => place)
    templates.push({ turns: [{ gapMs: 0, inputTokens, outputTokens, blocks }] })
    rhythm.push(atMs)
  }
  return { templates, rhythm }
}
