import type { MaybePromise } from '../ports.ts'

/** True for a real promise: only those are awaited, so synchronous stores keep a whole cycle synchronous. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return value instanceof Promise
}

/** Calls a port and lets neither a throw nor a rejection through: `otherwise` stands for the failed answer. */
export function guarded<T, F>(
  call: () => MaybePromise<T>,
  otherwise: (error: unknown) => F,
): MaybePromise<T | F> {
  try {
    const answer = call()
    return isPromise(answer) ? answer.catch(otherwise) : answer
  } catch (error) {
    return otherwise(error)
  }
}

/** Calls a port whose failure must cost nothing: a binding that could not be kept up costs a cold cache next time, no request. */
export function quietly(call: () => MaybePromise<unknown>): MaybePromise<void> {
  const answer = guarded<unknown, undefined>(call, () => undefined)
  return isPromise(answer) ? answer.then(() => undefined) : undefined
}

/** What is left of a step: nothing, or an answer that comes later. */
export type Pending = Promise<void> | undefined
