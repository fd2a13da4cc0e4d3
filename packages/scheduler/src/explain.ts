import type { Decision, TurnedAway } from './model/decision.ts'

/** What {@link explain} answers: sentences for people, a table for the figures behind them. */
export interface Explanation {
  /** In the order in which things happened. */
  readonly sentences: readonly string[]
  readonly columns: readonly string[]
  /** One row a candidate, best first, in the order of `columns`. */
  readonly rows: readonly (readonly (string | number)[])[]
}

/**
 * Says why a decision fell as it did. Everything it says is in the record, so it holds for yesterday's decision as
 * well; the command line, headers and the dashboard share it.
 */
export function explain(decision: Decision): Explanation {
  const costs = decision.scoreUnit === 'ms'
  const shown = (value: number): number => (costs ? Math.round(-value) : rounded(value))
  return {
    sentences: [whoAsked(decision), ...whoCould(decision), ...howChosen(decision), ...howItWent(decision)],
    columns: [
      'account',
      costs ? 'cost ms' : 'score',
      ...decision.termNames,
      'in use',
      'load %',
      'waiting',
      'errors',
      'TTFT ms',
    ],
    rows: decision.rows.map(row => [
      row.account,
      shown(row.score),
      ...row.terms.map(shown),
      row.limit > 0 ? `${row.inUse}/${row.limit}` : `${row.inUse}`,
      row.loadRate,
      row.waiting,
      rounded(row.errorRate),
      row.ttftMs === undefined ? '-' : Math.round(row.ttftMs),
    ]),
  }
}

/** An explanation as lines of plain text: its sentences, then its table. */
export function explanationText({ sentences, columns, rows }: Explanation): string {
  if (rows.length === 0) return sentences.join('\n')
  const table = [columns, ...rows].map(row => row.map(String))
  const widths = columns.map((_, column) => Math.max(...table.map(row => row[column]!.length)))
  const lines = table.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
  return [...sentences, ...lines].join('\n')
}

function whoAsked({ request, pool, profile, domain }: Decision): string {
  const model = request.model === '' ? 'any model' : `model ${request.model}`
  const tenant = request.tenant === '' ? '' : ` for tenant ${request.tenant}`
  const transport = request.transport === '' ? '' : ` over ${request.transport}`
  const owner = domain === undefined ? '' : `; its state lives in ${domain}, so nothing else can serve it`
  return `A request${tenant} asked pool ${pool} (profile ${profile}) for ${model}${transport}${owner}.`
}

function whoCould({ filtered, candidateCount, layer, loadSkew }: Decision): string[] {
  const left = [
    counted(filtered.platform, 'of another platform'),
    counted(filtered.model, 'without the model'),
    counted(filtered.transport, 'without the transport'),
    counted(filtered.domain, 'outside the state domain'),
    counted(filtered.unavailable, 'disabled, resting or ejected'),
    counted(filtered.excluded, 'tried by this request before'),
    counted(filtered.limited, 'with too little left of a limit, or refused for it'),
  ].filter(text => text !== '')
  if (layer === 'session_hash') return []
  const skew = loadSkew > 0 ? ` (standard deviation of their load: ${rounded(loadSkew)} %)` : ''
  const out = left.length === 0 ? '' : `; left out: ${left.join(', ')}`
  return [
    `${candidateCount} ${candidateCount === 1 ? 'account was' : 'accounts were'} eligible${skew}${out}.`,
  ]
}

function howChosen(decision: Decision): string[] {
  const { layer, topK, seed, attempts, candidateCount, scoreUnit } = decision
  const asked = attempts.filter(({ by }) => by !== 'queue')
  const sentences: string[] = []
  if (layer === 'session_hash')
    sentences.push('The session was bound to an account where its prompt cache is warm.')
  else if (layer === 'previous_response_id') {
    if (asked.length > 0) sentences.push('An account that holds the conversation was asked.')
  } else if (scoreUnit === 'ms') {
    if (candidateCount > 1) sentences.push(whatItCosts(decision))
  } else if (seed !== undefined) {
    const among = topK < candidateCount ? `the best ${topK} of ${candidateCount}` : `all ${topK}`
    sentences.push(
      `The order was drawn among ${among} with seed ${seed}; a higher score is likelier to come first.`,
    )
  }
  for (const attempt of asked) sentences.push(attemptSentence(attempt, scoreUnit))
  return sentences
}

/** The best and the next best: what the choice was about. Which of those that cost about the same comes first is drawn. */
function whatItCosts({ rows, attempts: [first], seed, result }: Decision): string {
  const sorted = byCost(rows)
  const free = sorted.filter(hasRoom)
  // Who waits was offered nothing: what it hopes for, full as it is, belongs to the choice.
  const [best, next] = result === 'wait' || free.length === 0 ? sorted : free
  const [least] = sorted
  const told = (row: Row) => `${Math.round(-row.score)} ms at ${row.account}`
  const order =
    result === 'wait'
      ? 'What serving the request is expected to cost'
      : 'They were tried in the order of what serving the request there is expected to cost'
  if (best === undefined) return `${order}.`
  const full = least === best ? '' : ` (${told(least!)}, but its slots were taken)`
  if (next === undefined) return `${order}: ${told(best)}${full}.`
  const isDrawn = seed !== undefined && first?.by === 'draw' && first.account !== best.account
  const chance = isDrawn ? ', and chance decided among those that cost about the same' : ''
  return `${order}: ${told(best)}, ${told(next)} next${chance}${full}.`
}

function attemptSentence(
  { account, result, by }: Decision['attempts'][number],
  scoreUnit: Decision['scoreUnit'],
): string {
  const how = {
    draw: scoreUnit === 'ms' ? 'by its cost' : 'drawn',
    rank: 'next in rank order',
    probe: 'due for its probe after an ejection',
    binding: 'bound',
    queue: 'freed meanwhile',
  }[by]
  switch (result) {
    case 'granted':
      return `${account} (${how}) had a free slot.`
    case 'full':
      return `${account} (${how}) had no free slot.`
    case 'seen_full':
      return `${account} (${how}) was known to be full and not asked.`
    case 'error':
      return `${account} (${how}) could not be asked: its slot store failed.`
  }
}

function howItWent(decision: Decision): string[] {
  const sentences: string[] = []
  const { result, plan, reason, account, admittedTo, waitedMs, outcome, turnedAway, attempts } = decision
  if (result === 'wait' && plan !== undefined) {
    const where =
      plan.account === undefined ? 'for the first eligible account to become free' : `for ${plan.account}`
    sentences.push(
      `It was to wait ${where}${byChoice(decision)}, at most ${plan.timeoutMs} ms behind at most ${plan.maxWaiting} others.`,
    )
    for (const attempt of attempts)
      if (attempt.by === 'queue' && attempt.result !== 'granted')
        sentences.push(attemptSentence(attempt, decision.scoreUnit))
    if (admittedTo !== undefined)
      sentences.push(`After ${rounded(waitedMs ?? 0)} ms it got a slot of ${admittedTo}.`)
    else sentences.push(turnedAway === undefined ? 'It has had no slot so far.' : leftSentence(turnedAway))
  } else if (result === 'none') {
    sentences.push(`No account was chosen: ${(reason ?? 'the store failed').replaceAll('_', ' ')}.`)
  } else {
    sentences.push(`${account} was chosen after ${rounded(decision.latencyMicros)} microseconds.`)
  }
  if (outcome !== undefined) sentences.push(endSentence(decision))
  return sentences
}

type Row = Decision['rows'][number]

function hasRoom({ limit, inUse }: Row): boolean {
  return limit <= 0 || inUse < limit
}

/** The least first; accounts with room are recorded before the full ones, whatever they cost. */
function byCost(rows: readonly Row[]): readonly Row[] {
  return [...rows].sort((a, b) => b.score - a.score)
}

/** Where waiting was a choice, what it was between; the best of the candidates was full then, and a worse one free. */
function byChoice({ scoreUnit, rows }: Decision): string {
  const [best, ...others] = byCost(rows)
  const free = others.find(hasRoom)
  if (scoreUnit !== 'ms' || best === undefined || hasRoom(best) || free === undefined) return ''
  return ` that is worth it (${free.account} was free, and expected to cost ${Math.round(best.score - free.score)} ms more than ${best.account})`
}

function leftSentence({ message, waitedMs }: TurnedAway): string {
  return waitedMs === undefined
    ? `It was turned away at once: ${message}`
    : `It left without a slot after ${rounded(waitedMs)} ms: ${message}`
}

function endSentence({ outcome, durationMs, firstTokenMs, usage }: Decision): string {
  const first = firstTokenMs === undefined ? '' : `, first token after ${rounded(firstTokenMs)} ms`
  const tokens =
    usage === undefined
      ? ''
      : `, ${usage.inputTokens} tokens in (${usage.cachedTokens} cached), ${usage.outputTokens} out`
  if (outcome === 'lost')
    return `Its slot was given to another after ${rounded(durationMs ?? 0)} ms, for it was not renewed in time.`
  return `It ended as ${outcome?.replaceAll('_', ' ')} after ${rounded(durationMs ?? 0)} ms${first}${tokens}.`
}

/** A record of another version may lack a count. */
function counted(count: number | undefined, what: string): string {
  return count === undefined || count === 0 ? '' : `${count} ${what}`
}

/** Three decimals at most, none where there are none. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
