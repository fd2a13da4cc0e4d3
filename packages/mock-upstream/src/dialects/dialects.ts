import type { Account } from '../accounts.ts'
import { AZURE } from './azure.ts'
import type { Dialect, DialectName } from './dialect.ts'
import { OPENAI } from './openai.ts'
import { VLLM } from './vllm.ts'

const DIALECTS: { readonly [name in DialectName]: Dialect } = { openai: OPENAI, azure: AZURE, vllm: VLLM }

/** How an account speaks as its profile stands. */
export function dialectOf(account: Account): Dialect {
  return DIALECTS[account.profile.dialect ?? 'openai']
}
