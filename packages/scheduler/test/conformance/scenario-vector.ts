import type { Transport } from '../../src/index.ts'

/** An account as the vectors have it. */
export interface VectorAccount {
  readonly id: number
  readonly type: string
  readonly openai: boolean
  readonly priority: number
  /** 0 = unlimited. */
  readonly concurrency: number
  readonly models: readonly string[] | null
  readonly disabled: boolean
  readonly schedulable: boolean
  readonly supportsWebSocket: boolean
}

/** What the reference answered to a select. */
export interface SelectExpectation {
  readonly accountId: number
  readonly accountType: string
  readonly layer: string
  readonly stickyPreviousHit: boolean
  readonly stickySessionHit: boolean
  readonly candidateCount: number
  readonly topK: number
  readonly loadSkew: number
  readonly sessionBinding: number | null
  readonly acquired?: boolean
  readonly waitPlan?: {
    readonly accountId: number
    readonly maxConcurrency: number
    readonly maxWaiting: number
    readonly timeoutMs: number
  }
  readonly error?: string
}

export interface SelectOperation {
  readonly op: 'select'
  readonly groupId: string | null
  readonly sessionHash: string
  readonly previousResponseId: string
  readonly model: string
  readonly transport: Transport
  readonly excluded: readonly number[] | null
  /** Names the slot, when one was taken. */
  readonly handle?: number
  readonly expect: SelectExpectation
}

/** One step of a scenario. */
export type ScenarioOperation =
  | SelectOperation
  | { readonly op: 'release'; readonly handle: number }
  | {
      readonly op: 'report'
      readonly accountId: number
      readonly success: boolean
      readonly firstTokenMs: number | null
    }
  | { readonly op: 'switch' }
  | {
      readonly op: 'bindResponse'
      readonly groupId: string | null
      readonly responseId: string
      readonly accountId: number
    }
  | { readonly op: 'setWaiting'; readonly accountId: number; readonly waiting: number }
  | { readonly op: 'setSchedulable'; readonly accountId: number; readonly schedulable: boolean }
  | { readonly op: 'setLoadError'; readonly fails: boolean }
  | { readonly op: 'setAcquireError'; readonly accountId: number; readonly fails: boolean }

/** A world, what happens in it, and what the reference answered. */
export interface ScenarioVector {
  readonly accounts: readonly VectorAccount[]
  readonly weights: Readonly<Record<'priority' | 'load' | 'queue' | 'errorRate' | 'ttft', number>>
  /** 0 means the default. */
  readonly topK: number
  readonly ops: readonly ScenarioOperation[]
  /** The final metrics but for latency. */
  readonly metrics: Readonly<Record<string, number>>
}
