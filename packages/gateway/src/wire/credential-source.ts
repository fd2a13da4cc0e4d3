import type { UpstreamFault } from './upstream.ts'

/** One field of a header. */
export type HeaderField = readonly [name: string, value: string]

/** A credential that changes while its account stays the same: a token that is renewed. */
export interface CredentialSource {
  /** The field to send; a promise only while none is at hand. Rejects with a {@link CredentialError}. */
  header(): HeaderField | Promise<HeaderField>
  /**
   * The upstream has refused this field: another one, or undefined when there is no point in trying again. Rejects
   * with a {@link CredentialError}.
   */
  renewed(refused: HeaderField): Promise<HeaderField> | undefined
}

/** There is no credential to send; the fault says why, without any part of it. */
export class CredentialError extends Error {
  readonly fault: UpstreamFault

  constructor(fault: UpstreamFault) {
    super('detail' in fault ? fault.detail : fault.kind)
    this.name = 'CredentialError'
    this.fault = fault
  }
}
