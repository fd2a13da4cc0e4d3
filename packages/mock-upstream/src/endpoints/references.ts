/** What a request refers to inside its body, looked up at the account: items, files, stores, encrypted content. */
import type { Account } from '../accounts.ts'
import { judgeContent } from '../encrypted-content.ts'
import type { ApiError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import {
  containerNotFound,
  fileNotFound,
  invalidEncryptedContent,
  itemNotFound,
  vectorStoreNotFound,
} from '../not-found-errors.ts'
import type { JsonBody } from './generation.ts'
import { inputItemIds, outputItems } from './response-object.ts'

type Fields = { readonly [field: string]: unknown }

/** The refusal that a reference to something of another account earns, or null. */
export function checkReferences({ account, dialect }: Exchange, body: JsonBody): ApiError | null {
  if (!dialect.checksReferences) return null
  const problem = firstProblem(body['input'], item => checkItem(account, item))
  return problem ?? firstProblem(body['tools'], tool => checkTool(account, tool))
}

function checkItem(account: Account, item: Fields): ApiError | null {
  const { type, id, encrypted_content: content } = item
  if (typeof content === 'string') {
    const verdict = judgeContent(account.key, content)
    if (verdict !== 'own') return invalidEncryptedContent(content, verdict)
  } else if (type === 'item_reference' || type === 'reasoning') {
    if (typeof id === 'string' && !hasItem(account, id)) return itemNotFound(id)
  }
  return firstProblem(item['content'], part => checkFile(account, part))
}

function checkFile({ objects }: Account, { file_id: id }: Fields): ApiError | null {
  return typeof id === 'string' && objects.files.get(id) === undefined ? fileNotFound(id, 'input') : null
}

function checkTool({ objects }: Account, tool: Fields): ApiError | null {
  const { vector_store_ids: storeIds, container } = tool
  if (Array.isArray(storeIds)) {
    const missing = storeIds.find(id => objects.vectorStores.get(id) === undefined)
    if (missing !== undefined) return vectorStoreNotFound(String(missing), 'tools')
  }
  const missing = typeof container === 'string' && objects.containers.get(container) === undefined
  return missing ? containerNotFound(container, 'tools') : null
}

/** Items of responses carry the id of their response behind the prefix; those of conversations are known by themselves. */
function hasItem({ stored, objects }: Account, id: string): boolean {
  if (objects.conversations.hasItem(id)) return true
  const suffix = /^[a-z]+_([0-9a-f]+)/.exec(id)?.[1]
  const draft = suffix === undefined ? undefined : stored.get(`resp_${suffix}`)?.draft
  if (draft === undefined) return false
  return inputItemIds(draft).includes(id) || outputItems(draft).some(item => item.id === id)
}

function firstProblem(list: unknown, check: (entry: Fields) => ApiError | null): ApiError | null {
  if (!Array.isArray(list)) return null
  for (const entry of list) {
    const problem = typeof entry === 'object' && entry !== null ? check(entry) : null
    if (problem !== null) return problem
  }
  return null
}
