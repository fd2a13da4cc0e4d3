import type { Columns } from '../columns/columns.ts'
import type { Usage } from '../model/outcome.ts'
import { type AccountHealth, createAccountHealth, LATE } from './account-health.ts'
import { createErrorOdds, type ErrorOdds } from './error-odds.ts'
import { createInFlight, type Expectation, type InFlight } from './in-flight.ts'
import { createLatencyFit, type LatencyFit } from './latency-fit.ts'
import { createLearnedLimit, type LearnedLimit } from './learned-limit.ts'
import { loadMultipleOf, utilisation } from './load-multiple.ts'
import { tokensOf, UNKNOWN_INPUT_TOKENS } from './prompt-size.ts'
import { slownessOf } from './slowness.ts'
import { createSpeech } from './speech.ts'
import { createWarmth, type Warmth } from './warmth.ts'
import { createWholeAnswers } from './whole-answers.ts'

/** What an adaptive profile learns of its accounts from their answers; made once a scheduler, read by its ranker. */
export interface Learning {
  readonly fit: LatencyFit
  readonly health: AccountHealth
  readonly odds: ErrorOdds
  readonly limits: LearnedLimit
  readonly warmth: Warmth
  readonly inFlight: InFlight
  /** How large a prompt is, on average over the last hundred answers or so that told. */
  readonly usualTokens: number
  /** How long a slot is held, on average over the pool's last hundred requests or so; at first a guess. */
  readonly holdMs: number
  /** Whether it is more than that. */
  readonly isHoldKnown: boolean
  /** A slot was granted; the columns count it already. */
  admitted(grant: Grant, nowMs: number): Expectation
  /** The first output of a request. */
  firstToken(expectation: Expectation, nowMs: number): void
  ended(expectation: Expectation, end: End, nowMs: number): void
  /** Its end says nothing: the slot was lost, or another credential stands behind the account. */
  dropped(expectation: Expectation): void
  /** The account of a row is another one, or an operator says so: what is in flight there says nothing either. */
  forget(row: number): void
}

export interface Grant {
  readonly row: number
  readonly session: string | undefined
  readonly inputTokens: number
  readonly cachedTokens: number
  /** Its answer comes whole: no first token will be told, and its silence says nothing. */
  readonly whole: boolean
}

export interface End {
  /** Whether it counts for the account, against it, or says nothing. */
  readonly verdict: 'ok' | 'fault' | 'neutral'
  readonly usage: Usage | undefined
  readonly account: string
}

/** First guess of how long a slot is held. */
const FIRST_HOLD_MS = 8_000
/** Of the newest sample, once there are some. */
const MEAN_WEIGHT = 0.02
/** From so many on the guess is history. */
const HOLDS_KNOWN = 8
/** One stream of an hour among answers of seconds counts as so many of them, or it would send everyone away. */
const HOLD_CLIP = 10
/** How fast what all accounts have in common moves from their health into the line. */
const FLEET_WEIGHT = 0.01
const MAX_LOG = 3

export function createLearning(columns: Columns): Learning {
  const fit = createLatencyFit()
  const health = createAccountHealth()
  const odds = createErrorOdds()
  const limits = createLearnedLimit()
  const warmth = createWarmth()
  const inFlight = createInFlight()
  const wholes = createWholeAnswers()
  const speech = createSpeech()
  let holdMs = FIRST_HOLD_MS
  let holds = 0
  let usualTokens = UNKNOWN_INPUT_TOKENS
  /** The mean logarithm of observed / predicted: what is slow everywhere is the line's to know. */
  let fleetLog = 0
  let firsts = 0

  /** With what the upstream says it read, where it says so: the estimate was for the prediction. */
  function fitLine(expectation: Expectation, usage: Usage | undefined): void {
    const { firstTokenMs, loadMultiple, healthLog } = expectation
    fit.observe(
      uncachedOf(expectation, usage),
      firstTokenMs! / (loadMultiple * Math.exp(healthLog - fleetLog)),
    )
  }

  /** Without usage nobody knows how long it should have taken: one that runs in the background ends at once. */
  function wholeAnswer(expectation: Expectation, usage: Usage | undefined, nowMs: number): void {
    if (usage === undefined) return
    const { row, predictedMs, admittedMs, loadMultiple } = expectation
    const tookMs = nowMs - admittedMs
    // Its first token came no later than its end: where all answers come whole, nothing else corrects a line that is too slow.
    if (tookMs < predictedMs) fit.observe(uncachedOf(expectation, usage), tookMs / loadMultiple)
    const output = tokensOf(usage.outputTokens, 0)
    const { ratio, weight } = wholes.sample(tookMs, predictedMs, output)
    health.observe(row, ratio, nowMs, weight)
  }

  return {
    fit,
    health,
    odds,
    limits,
    warmth,
    inFlight,
    get usualTokens() {
      return usualTokens
    },
    get holdMs() {
      return holdMs
    },
    get isHoldKnown() {
      return holds >= HOLDS_KNOWN
    },
    admitted({ row, session, inputTokens, cachedTokens, whole }, nowMs) {
      const uncachedTokens = Math.max(0, inputTokens - cachedTokens)
      const loadMultiple = loadMultipleOf(utilisation(columns, limits, row))
      const predictedMs = fit.predictMs(uncachedTokens) * loadMultiple
      const usualLog = health.usualLog(row, nowMs)
      const expectation: Expectation = {
        row,
        session,
        inputTokens,
        uncachedTokens,
        predictedMs,
        usualMs: predictedMs * Math.exp(usualLog),
        likelyMs: predictedMs * Math.exp(slownessOf({ health, inFlight }, row, nowMs)),
        loadMultiple,
        admittedMs: nowMs,
        whole,
        speaks: !whole && speech.isTold,
        firstTokenMs: undefined,
        healthLog: 0,
        previous: undefined,
        next: undefined,
        listed: false,
      }
      if (expectation.speaks) inFlight.add(expectation)
      return expectation
    },
    firstToken(expectation, nowMs) {
      if (expectation.whole) return
      speech.heard(true)
      if (isForgotten(expectation)) return
      inFlight.remove(expectation)
      const { row, predictedMs, admittedMs } = expectation
      const ratio = Math.max(1e-3, (nowMs - admittedMs) / predictedMs)
      expectation.firstTokenMs = nowMs - admittedMs
      expectation.healthLog = health.logRatio(row, nowMs, 0, 0)
      health.observe(row, ratio, nowMs)
      firsts++
      // The first samples count in full: servers ten times faster than the guess must not look alike for hundreds of answers.
      const weight = Math.max(FLEET_WEIGHT, 1 / (firsts + 1))
      fleetLog += weight * (Math.min(MAX_LOG, Math.max(-MAX_LOG, Math.log(ratio))) - fleetLog)
      if (columns.limit[row]! <= 0) limits.observe(row, ratio, columns.inUse[row]!)
    },
    ended(expectation, { verdict, usage, account }, nowMs) {
      const { row, session, admittedMs, inputTokens } = expectation
      const wasForgotten = isForgotten(expectation)
      if (expectation.listed) {
        inFlight.remove(expectation)
        const ratio = (nowMs - admittedMs) / expectation.predictedMs
        if (verdict === 'neutral' && ratio > LATE) health.gaveUp(row, ratio, nowMs)
      }
      if (verdict === 'neutral') return
      odds.observe(row, verdict === 'fault', nowMs)
      if (verdict === 'fault') return
      holds++
      const weight = Math.max(MEAN_WEIGHT, 1 / (holds + 1))
      holdMs += weight * (Math.min(HOLD_CLIP * holdMs, nowMs - admittedMs) - holdMs)
      if (usage !== undefined)
        usualTokens += weight * (tokensOf(usage.inputTokens, usualTokens) - usualTokens)
      const isSilent = expectation.firstTokenMs === undefined
      if (isSilent && !expectation.whole && !wasForgotten) speech.heard(false)
      if (!isSilent) fitLine(expectation, usage)
      else if (!wasForgotten) wholeAnswer(expectation, usage, nowMs)
      if (session === undefined) return
      // The next turn begins with this one's prompt and its answer.
      const tokens =
        usage === undefined ? inputTokens : tokensOf(usage.inputTokens + usage.outputTokens, inputTokens)
      warmth.note(session, { row, account }, tokens, nowMs)
    },
    dropped: expectation => inFlight.remove(expectation),
    forget(row) {
      inFlight.forget(row)
      health.forget(row)
      odds.forget(row)
      limits.forget(row)
    },
  }
}

/** Its account was forgotten while it was silent: what comes of it now is another's. */
function isForgotten({ speaks, listed, firstTokenMs }: Expectation): boolean {
  return speaks && !listed && firstTokenMs === undefined
}

function uncachedOf({ uncachedTokens }: Expectation, usage: Usage | undefined): number {
  return usage === undefined
    ? uncachedTokens
    : tokensOf(usage.inputTokens - usage.cachedTokens, uncachedTokens)
}
