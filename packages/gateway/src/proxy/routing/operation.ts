import type { StreamFormat } from '../errors/errors.ts'
import { type Binds, bindsNothing } from '../ownership/binds.ts'
import type { OwnerKind } from '../ownership/owner-key.ts'
import type { Capability } from '../pool-access.ts'

/** What a request asks for, and how that is served. */
export type Operation = ModelQuestion | Generation | ObjectOperation | Placement

/** Answered by the gateway itself. */
export interface ModelQuestion {
  readonly kind: 'list_models' | 'get_model'
}

/**
 * Makes a model work: scheduled by the `model` in its body, holds a slot. `pass_through` is every endpoint of which
 * the gateway knows no more than that; `model_form` may come as a form that has the model among its fields.
 */
export interface Generation {
  readonly kind:
    | 'create_response'
    | 'create_chat'
    | 'create_completion'
    | 'create_embeddings'
    | 'compact_response'
    | 'count_input_tokens'
    | 'pass_through'
    | 'model_form'
  /** What an account must be able to do; undefined where there is no word for it. */
  readonly needs: Capability | undefined
  /** How it streams. */
  readonly dialect: StreamFormat
}

/** Asks what is stored, by the ids in the path: served where that is, without a slot, never queued. */
export interface ObjectOperation {
  readonly kind: 'object'
  /** What each id in the path names, in its order. All of them must be the tenant's. */
  readonly owners: readonly OwnerKind[]
  /** `optional`: JSON if there is any; `form`: multipart or JSON. */
  readonly body: 'none' | 'optional' | 'json' | 'form'
  /** `bytes` pass as they come, whatever they are. */
  readonly answer: 'json' | 'bytes'
  readonly binds: Binds
  /** What the last id names is gone afterwards. */
  readonly deletes: boolean
}

/** Makes something that no model works for: at the account where the ids in its body lie, else at a chosen one. */
export interface Placement {
  readonly kind: 'placed'
  readonly needs: Capability
  /** `form`: multipart, streamed. */
  readonly body: 'optional' | 'json' | 'form'
  readonly binds: Binds
}

/** Makes a generation's operation. */
export function generation(
  kind: Generation['kind'],
  needs?: Capability,
  dialect: StreamFormat = 'responses',
): Generation {
  return { kind, needs, dialect }
}

/** Makes the operation of a stored object; by default one that reads JSON, binds nothing and deletes nothing. */
export function stored(
  owners: readonly OwnerKind[],
  rest: Partial<Omit<ObjectOperation, 'kind' | 'owners'>> = {},
): ObjectOperation {
  const { body = 'none', answer = 'json', binds = bindsNothing, deletes = false } = rest
  return { kind: 'object', owners, body, answer, binds, deletes }
}

/** Makes the operation that creates one thing of a kind. */
export function placed(needs: Capability, makes: OwnerKind, body: Placement['body']): Placement {
  return { kind: 'placed', needs, body, binds: { answer: makes, items: 'none' } }
}
