import * as z from 'zod'
import {
  duration,
  fraction,
  listOf,
  oneOf,
  says,
  section,
  text,
  whole,
  wordOrDuration,
  yesOrNo,
} from './fields.ts'

export const profileNames = ['adaptive', 'balanced', 'classic', 'load-aware'] as const

/** The weights of the five factors when nobody sets them: those of the classic algorithm. */
export const defaultWeights = { priority: 1, load: 1, queue: 0.7, errorRate: 0.8, ttft: 0.5 } as const

const weightSum = says(
  'the five weights must have a positive sum',
  `raise at least one above 0; the defaults are ${Object.entries(defaultWeights)
    .map(([factor, weight]) => `${factor} ${weight}`)
    .join(', ')}`,
)

const weight = (factor: keyof typeof defaultWeights) =>
  fraction(0, 1_000_000).prefault(defaultWeights[factor])

const weights = section({
  priority: weight('priority').describe('Of the configured priority.'),
  load: weight('load').describe('Of the share of slots in use.'),
  queue: weight('queue').describe('Of the requests that wait for the account.'),
  errorRate: weight('errorRate').describe('Of the recent errors.'),
  ttft: weight('ttft').describe('Of the recent time to first token.'),
}).refine(all => Object.values(all).some(value => value > 0), { error: weightSum })

const wait = section({
  timeout: duration().prefault('30s').describe('How long a request waits for a slot.'),
  shed: duration()
    .optional()
    .describe(
      'With the profile adaptive: a request that would wait longer, at the rate the queue is served, is turned away at once, when four wait already; in a queue that was not empty for two minutes already beyond a thirteenth of it. Omitted: 10s.',
    ),
  max: whole(0, 100_000).prefault(100).describe('How many requests of the pool may wait at once.'),
  ownerTimeout: duration()
    .prefault('45s')
    .describe('How long a request waits that only the owner of its conversation can serve.'),
})

const fairnessOfQueues = says(
  'tenant needs the profile adaptive or balanced: in the others each account has a queue of its own, served first come, first served',
  'use profile: balanced, or leave fairness out',
)

/** Profiles with one queue over the pool. */
const isFair = (profile: string): boolean => profile === 'adaptive' || profile === 'balanced'

const fifoOfQueues = says(
  'fifo needs another profile: with adaptive, which is the default, tenants always take turns',
  'use profile: balanced, or leave fairness out',
)

const weightsOfNobody = says(
  'are of the profiles balanced and classic: adaptive, which is the default, and load-aware weigh nothing',
  'use profile: balanced, or leave weights out',
)

const isWeighed = (profile: string): boolean => profile === 'balanced' || profile === 'classic'

const areDefault = (given: Readonly<Record<keyof typeof defaultWeights, number>>): boolean =>
  Object.entries(defaultWeights).every(
    ([factor, value]) => given[factor as keyof typeof defaultWeights] === value,
  )

const scheduler = section({
  profile: z
    .enum(profileNames, {
      error: says(`must be one of ${profileNames.join(', ')}`, 'choose one of these'),
    })
    .prefault('adaptive')
    .describe('How an account is chosen.'),
  weights: weights.prefault({}).describe('How much each factor counts; what is left out keeps its default.'),
  topK: whole(1, 64)
    .optional()
    .describe(
      'How many of the best accounts the draw is made from. Omitted: 7 with the profiles balanced and classic; with adaptive all that were compared and cost hardly more than the best.',
    ),
  fairness: oneOf(['fifo', 'tenant'])
    .optional()
    .describe(
      'Who gets a freed slot. tenant: the clients of the highest priority, and among those the tenants by turns, by their weights. fifo: whoever waits longest. Omitted: tenant with the profiles adaptive (always) and balanced, fifo with the others.',
    ),
  wait: wait.prefault({}),
})
  .refine(({ profile, fairness }) => fairness !== 'tenant' || isFair(profile), {
    error: fairnessOfQueues,
    path: ['fairness'],
  })
  .refine(({ profile, fairness }) => fairness !== 'fifo' || profile !== 'adaptive', {
    error: fifoOfQueues,
    path: ['fairness'],
  })
  .refine(({ profile, weights: given }) => isWeighed(profile) || areDefault(given), {
    error: weightsOfNobody,
    path: ['weights'],
  })
  .refine(({ profile, topK }) => profile !== 'load-aware' || topK === undefined, {
    error: says('is of the other profiles: load-aware takes the least loaded', 'leave topK out'),
    path: ['topK'],
  })
  .refine(({ profile, wait: { shed } }) => profile === 'adaptive' || shed === undefined, {
    error: says(
      'needs the profile adaptive, which learns how long slots are held',
      'leave shed out, or use profile: adaptive',
    ),
    path: ['wait', 'shed'],
  })

const accountPattern = () =>
  text(
    /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,63}\*?|\*)$/,
    'must be an account id, or the start of one followed by *',
    'write ["*"] for every account, or ids such as ["openai-1", "azure-*"]',
  )

const block = section({
  status: whole(400, 599).describe('The status an upstream answers with.'),
  words: listOf(
    text(/^[^\r\n]{1,200}$/, 'must be one line of 1 to 200 characters', 'write what the error message says'),
    32,
  )
    .prefault([])
    .describe(
      "One of them occurs in the error's code, type or message, in any case. None: every answer of this status.",
    ),
  for: duration().describe('How long the account rests.'),
})

export const pool = section({
  accounts: listOf(accountPattern(), 10_000)
    .prefault(['*'])
    .describe('Ids of accounts; * at the end matches any rest.'),
  scheduler: scheduler.prefault({}),
  commit: oneOf(['hold', 'early'])
    .prefault('hold')
    .describe(
      'hold: nothing reaches the client until the model has begun, so that a failure can move on. early: at the first event.',
    ),
  firstTokenTimeout: duration()
    .optional()
    .describe('An attempt without a first token in this time fails over. Omitted: none.'),
  totalTimeout: duration()
    .optional()
    .describe(
      'The longest a generation may take, from its arrival to the end of its answer. Omitted: limits.total.',
    ),
  hedge: section({
    after: wordOrDuration('auto', { minMs: 10 })
      .prefault('auto')
      .describe(
        'How long a stream may say nothing before a second attempt starts beside it. auto: with the profile adaptive later than was expected of it, by as much as one in fifteen is; with the others later than 39 of the last 40.',
      ),
    budget: fraction(0.001, 0.5)
      .prefault(0.03)
      .describe('The share of streams that may have a second attempt.'),
  })
    .optional()
    .describe(
      'Asks a second idle account when the first is slower than most, and takes the faster answer. Omitted: off.',
    ),
  fingerprint: yesOrNo()
    .prefault(true)
    .describe(
      'Requests that bring no session key get one made from the head of their conversation: instructions, tools and the first item of the user.',
    ),
  fillPromptCacheKey: yesOrNo()
    .prefault(true)
    .describe(
      'Requests with a session but without prompt_cache_key get one on accounts of kind openai and azure; other kinds never do.',
    ),
  blocks: listOf(block, 32)
    .prefault([])
    .describe('Answers that take the account that gave them out of every pool for a while.'),
  owner: section({
    unknown: oneOf(['refuse', 'passthrough'])
      .prefault('refuse')
      .describe(
        'What becomes of a response id nobody here has bound: passthrough sends it to any account, for a move from another gateway; ids of other tenants are then only as secret as they are long.',
      ),
    lost: oneOf(['refuse', 'replay'])
      .prefault('refuse')
      .describe(
        'What becomes of a request whose encrypted reasoning belongs to accounts that are gone or that lie apart: replay leaves those items out, serves the rest where it can, and says so in the header x-headgate-replayed.',
      ),
  }).prefault({}),
}).refine(({ hedge, commit }) => hedge === undefined || commit === 'hold', {
  error: says(
    'hedge needs commit: hold: what has begun to answer cannot be exchanged for a faster one',
    'remove commit: early, or hedge',
  ),
})
