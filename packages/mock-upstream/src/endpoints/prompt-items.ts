import type { PromptItem } from '../prompt-cache.ts'

/** The messages of a chat request or of a Responses `input`, in one shape; anything unusual becomes its JSON. */
export function promptItems(input: unknown, instructions?: unknown): PromptItem[] {
  const items: PromptItem[] = []
  if (typeof instructions === 'string') items.push({ role: 'system', text: instructions })
  if (typeof input === 'string') items.push({ role: 'user', text: input })
  else if (Array.isArray(input)) for (const item of input) items.push(promptItem(item))
  return items
}

/** What the user said last. */
export function lastUserText(items: readonly PromptItem[]): string {
  return items.findLast(item => item.role === 'user')?.text ?? ''
}

function promptItem(item: unknown): PromptItem {
  if (typeof item === 'string') return { role: 'user', text: item }
  const { role, content } = (item ?? {}) as { role?: unknown; content?: unknown }
  if (typeof role !== 'string') return { role: 'item', text: JSON.stringify(item) ?? '' }
  return { role, text: contentText(content) }
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return JSON.stringify(content) ?? ''
  let text = ''
  for (const part of content) {
    const own = (part as { text?: unknown } | null)?.text
    text += typeof own === 'string' ? own : JSON.stringify(part)
  }
  return text
}
