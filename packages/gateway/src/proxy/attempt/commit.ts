/**
 * The commit point of a stream: until it, nothing has reached the client and the request may be tried on another
 * account; after it, the client hears this upstream to its end. A pure state machine, so that every order of
 * events can be tested.
 */

/** `holding`: bytes are kept back. `open`: they flow. `shut`: the attempt failed before anything was said. */
export type CommitState = 'holding' | 'open' | 'shut'

/**
 * What may move it. `lifecycle`: a first event that says only that a response exists. `began`: an event that is
 * neither that nor a failure. `account_failure`: another account may do better. `request_failure`: none would.
 * `hold_expired`: the model thinks for long; the client should know that it is being served.
 */
export type CommitSignal =
  | 'head'
  | 'lifecycle'
  | 'began'
  | 'account_failure'
  | 'request_failure'
  | 'hold_expired'

/**
 * `hold` waits until the model has begun. `early` opens at the first event: sooner heard, no failover
 * inside a 200. `at_once` opens with the head: background work goes on whether anyone listens or not.
 */
export type CommitPolicy = 'hold' | 'early' | 'at_once'

/** The state after a signal. `open` and `shut` are final. */
export function commitStep(state: CommitState, signal: CommitSignal, policy: CommitPolicy): CommitState {
  if (state !== 'holding') return state
  switch (signal) {
    case 'head':
      return policy === 'at_once' ? 'open' : 'holding'
    case 'lifecycle':
      return policy === 'early' ? 'open' : 'holding'
    case 'account_failure':
      return 'shut'
    case 'began':
    case 'request_failure':
    case 'hold_expired':
      return 'open'
  }
}
