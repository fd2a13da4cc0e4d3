import type { Account } from '../accounts.ts'
import type { ApiError } from '../errors.ts'
import type { IdSource } from '../identifiers.ts'
import type { Route } from '../route.ts'

/** Whose service an account plays. */
export type DialectName = 'openai' | 'azure' | 'vllm'

/** Every {@link DialectName}. */
export const DIALECT_NAMES: readonly DialectName[] = ['openai', 'azure', 'vllm']

/** Where one kind of upstream differs from another. */
export interface Dialect {
  /** Finds the endpoint of a method and a path; `query` is what follows the question mark. */
  route(method: string, path: string, query: string): Route
  /** The headers of a reply beside rate limits, flat; a new list, which the caller may add to. */
  headers(facts: ReplyFacts): string[]
  /** The body of an error. */
  errorText(error: ApiError): string
  /** The path does not exist; `url` is as requested. */
  unknownUrl(method: string, url: string): ApiError
  /** The path exists with other methods. */
  methodNotAllowed(method: string, url: string): ApiError
  /** The account does not serve this model (on Azure: has no such deployment). */
  modelNotFound(model: string): ApiError
  /** The chain is not known here. */
  previousResponseNotFound(id: string): ApiError
  /** Keeps responses and chat completions, and takes background requests. */
  stores(account: Account): boolean
  /** Usage has its `..._details`. */
  readonly usageDetails: boolean
  /** Chat replies carry the verdicts of a content filter. */
  readonly contentFilter: boolean
  /** Ids, files and encrypted content inside a request are looked up. */
  readonly checksReferences: boolean
}

/** What the headers of a reply tell. */
export interface ReplyFacts {
  readonly contentType: string
  readonly account: Account
  readonly nextId: IdSource
  readonly elapsedMs: number
}
