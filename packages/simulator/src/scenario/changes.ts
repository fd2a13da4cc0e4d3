/** What is to be otherwise than it was recorded: `load=1.5`, `ACCOUNT.slots=16`, `ACCOUNT=off`. */
export interface Change {
  readonly key: string
  readonly value: string
}

/** What changes come to: a factor, accounts that are taken out, and figures of accounts by their id. */
export interface Changed {
  readonly load: number
  readonly off: ReadonlySet<string>
  readonly figures: ReadonlyMap<string, Partial<Record<AccountFigure, number>>>
}

type AccountFigure = keyof typeof ACCOUNT_FIGURES

interface Range {
  readonly least: number
  readonly most: number
  readonly whole?: boolean
  readonly example: number
}

const LOAD: Range = { least: 0.01, most: 100, example: 1.5 }

/** Slots and priorities as far as a configuration goes. */
const ACCOUNT_FIGURES = {
  slots: { least: 1, most: 100_000, whole: true, example: 16 },
  priority: { least: 0, most: 1_000_000, whole: true, example: 2 },
  speed: { least: 0.01, most: 100, example: 2 },
  tokensPerMinute: { least: 1, most: 1e12, example: 200_000 },
} as const satisfies Readonly<Record<string, Range>>

/**
 * Reads changes for accounts of these ids, whatever characters an id holds: `load=NUMBER` is the load even where an account
 * is called load, `KEY=off` an account, and in `KEY.slots` everything before the last dot is its id.
 * @throws RangeError that names key, value, what could be, and the remedy.
 */
export function readChanges(changes: readonly Change[], ids: readonly string[]): Changed {
  const off = new Set<string>()
  const figures = new Map<string, Partial<Record<AccountFigure, number>>>()
  const read = new Map<string, Change>()
  let load = 1
  for (const change of changes) {
    const { key, value } = change
    refuseRepeated(change, read)
    if (value === 'off' && ids.includes(key)) off.add(key)
    else if (key === 'load') load = figureOf(change, LOAD)
    else {
      const { id, figure } = targetOf(change, ids)
      figures.set(id, { ...figures.get(id), [figure]: figureOf(change, ACCOUNT_FIGURES[figure]) })
    }
  }
  for (const id of off) {
    if (figures.has(id))
      throw new RangeError(`${id}=off: figures of ${id} are set as well. Fix: keep one of the two.`)
  }
  if (off.size > 0 && ids.every(id => off.has(id))) {
    const all = [...off].map(id => `${id}=off`).join(', ')
    throw new RangeError(`${all}: no account is left to replay with. Fix: leave one of them in.`)
  }
  return { load, off, figures }
}

/** `load=off` and `load=2` can both be meant: an account of that name, and the load. */
function refuseRepeated(change: Change, read: Map<string, Change>): void {
  const { key, value } = change
  const name = key === 'load' && value === 'off' ? 'load=off' : key
  const before = read.get(name)
  read.set(name, change)
  if (before === undefined) return
  throw new RangeError(
    `${key}=${value}: ${key} is set twice, first to ${JSON.stringify(before.value)}. Fix: keep one of the two.`,
  )
}

function figureOf({ key, value }: Change, { least, most, whole = false, example }: Range): number {
  const parsed = value.trim() === '' ? Number.NaN : Number(value)
  if (parsed >= least && parsed <= most && (!whole || Number.isInteger(parsed))) return parsed
  const what = `${whole ? 'a whole number' : 'a number'} from ${least} to ${most}`
  throw new RangeError(
    `${key}=${value}: ${key} cannot be ${JSON.stringify(value)}; it is ${what}. Fix: write one, such as ${key}=${example}.`,
  )
}

function targetOf({ key, value }: Change, ids: readonly string[]): { id: string; figure: AccountFigure } {
  const dot = key.lastIndexOf('.')
  const id = key.slice(0, Math.max(0, dot))
  const names = Object.keys(ACCOUNT_FIGURES) as AccountFigure[]
  const figure = names.find(name => name === key.slice(dot + 1))
  if (ids.includes(id) && figure !== undefined) return { id, figure }
  const wrong = ids.includes(key)
    ? `the account ${key} cannot be ${JSON.stringify(value)}`
    : `there is nothing called ${key} to set`
  const known = ids.length > MOST_TOLD ? [...ids.slice(0, MOST_TOLD), `${ids.length - MOST_TOLD} more`] : ids
  throw new RangeError(
    `${key}=${value}: ${wrong}. Fix: write load=FACTOR, ACCOUNT=off, or ACCOUNT with one of ` +
      `${names.map(name => `.${name}`).join(', ')}, where ACCOUNT is one of ${known.join(', ')}.`,
  )
}

const MOST_TOLD = 20
