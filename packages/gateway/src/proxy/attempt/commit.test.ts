import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CommitPolicy, type CommitSignal, type CommitState, commitStep } from './commit.ts'

const run = (policy: CommitPolicy, ...signals: CommitSignal[]): CommitState =>
  signals.reduce<CommitState>((state, signal) => commitStep(state, signal, policy), 'holding')

describe('the commit point', () => {
  it('waits until the model has begun', () => {
    expect(run('hold', 'head', 'lifecycle')).toBe('holding')
    expect(run('hold', 'head', 'lifecycle', 'began')).toBe('open')
  })

  it('comes with the first event when told to be early, and with the head for background work', () => {
    expect(run('early', 'head')).toBe('holding')
    expect(run('early', 'head', 'lifecycle')).toBe('open')
    expect(run('at_once', 'head')).toBe('open')
  })

  it('never comes once the account failed, and comes when only the request did', () => {
    expect(run('hold', 'head', 'lifecycle', 'account_failure', 'began')).toBe('shut')
    expect(run('hold', 'head', 'request_failure')).toBe('open')
  })

  it('comes when the hold expires', () => {
    expect(run('hold', 'head', 'hold_expired')).toBe('open')
  })

  it('is final', () => {
    const signal = fc.constantFrom<CommitSignal>(
      ...(['head', 'lifecycle', 'began', 'account_failure', 'request_failure', 'hold_expired'] as const),
    )
    const policy = fc.constantFrom<CommitPolicy>('hold', 'early', 'at_once')
    fc.assert(
      fc.property(policy, fc.array(signal), signal, (chosen, signals, last) => {
        const before = run(chosen, ...signals)
        if (before !== 'holding') expect(run(chosen, ...signals, last)).toBe(before)
      }),
    )
  })
})
