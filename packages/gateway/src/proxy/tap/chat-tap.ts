import type { EventSourceMessage } from 'eventsource-parser'
import { idShape } from '../routing/route.ts'
import { readFailure } from './failure.ts'
import { EventTap, parseObject } from './stream-tap.ts'
import { readUsage } from './usage.ts'

/**
 * Watches a stream of Chat Completions, or of the old Completions. Chunks are parsed until the first output; after that only those that mention
 * `usage` or `error` as a key, which text inside a JSON string cannot (its quotes are escaped).
 */
export class ChatTap extends EventTap {
  protected event(message: EventSourceMessage): void {
    const { data } = message
    if (data === '[DONE]') {
      this.terminal ??= 'completed'
      this.began = true
      return
    }
    if (this.sawOutput && !mentions(data, '"usage"') && !data.includes('"error"')) return
    const chunk = parseObject(data)
    if (chunk === undefined) {
      this.began = true
      return
    }
    if (this.responseId === undefined) this.#readId(chunk['id'])
    const error = chunk['error']
    if (error !== undefined && error !== null) this.failure ??= readFailure(error)
    else if (message.event === 'error') this.failure ??= readFailure(chunk)
    else this.#choices(chunk['choices'])
    this.usage = readUsage(chunk['usage']) ?? this.usage
  }

  #readId(id: unknown): void {
    if (typeof id !== 'string' || !idShape.test(id)) return
    this.responseId = id
    this.told.answer(id)
  }

  #choices(choices: unknown): void {
    if (!Array.isArray(choices)) return
    for (const choice of choices as readonly (Choice | null)[]) {
      if (hasOutput(choice?.delta) || (typeof choice?.text === 'string' && choice.text !== '')) {
        this.began = true
        this.sawOutput = true
      }
      if (typeof choice?.finish_reason === 'string') this.began = true
    }
  }
}

/** A part of a choice; `text` is how the old Completions API has it. */
interface Choice {
  readonly delta?: unknown
  readonly text?: unknown
  readonly finish_reason?: unknown
}

/** `"usage":null` comes with every chunk of a client that asked for usage: not worth parsing. */
function mentions(data: string, key: string): boolean {
  const at = data.indexOf(key)
  return at !== -1 && !data.startsWith(':null', at + key.length)
}

/** Anything but the role, and not empty: content, reasoning, refusal, tool calls, audio. */
function hasOutput(delta: unknown): boolean {
  if (typeof delta !== 'object' || delta === null) return false
  for (const [name, value] of Object.entries(delta)) {
    if (name === 'role' || value === null || value === '') continue
    if (Array.isArray(value) && value.length === 0) continue
    return true
  }
  return false
}
