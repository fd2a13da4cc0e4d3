/** What a server does on signals. */
export interface SignalActions {
  /** SIGHUP. */
  onReload: () => void
  /** The first SIGINT or SIGTERM; the process exits with 0 when it resolves. */
  onDrain: () => Promise<void>
  /** The second one; the process exits with 128 + the number of the signal when it resolves. */
  onForce: () => Promise<void>
  onFailure: (error: unknown) => void
}

const numbers = { SIGINT: 2, SIGTERM: 15 } as const

/** The part of `process` that is needed, so that tests need no real signals. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', listener: () => void): unknown
  exit(code: number): void
}

/** Drains on the first signal, forces on the second, exits at once on the third. */
export function onSignals(actions: SignalActions, source: SignalSource = process): void {
  let received = 0
  let code = 0
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    received += 1
    // What was only forced to its end did not drain, whichever of the two closings is done first.
    if (received > 1) code = 128 + numbers[signal]
    if (received > 2) {
      source.exit(code)
      return
    }
    const closing = received === 1 ? actions.onDrain() : actions.onForce()
    closing.then(
      () => source.exit(code),
      error => {
        actions.onFailure(error)
        source.exit(1)
      },
    )
  }
  source.on('SIGINT', () => stop('SIGINT'))
  source.on('SIGTERM', () => stop('SIGTERM'))
  source.on('SIGHUP', actions.onReload)
}
