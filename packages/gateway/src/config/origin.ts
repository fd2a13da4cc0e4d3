/** Where a value of the configuration comes from. Lines and columns count from 1. */
export type Origin =
  | {
      readonly kind: 'file'
      readonly file: string
      readonly line?: number
      readonly column?: number
      /** Names of the environment variables that were put into the value. */
      readonly variables?: readonly string[]
    }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'flag'; readonly name: string }
  /** Given in code, in this argument. */
  | { readonly kind: 'argument'; readonly name: string }
  | { readonly kind: 'default' }

/** Keys and indices from the root of the document to one value. */
export type Path = readonly (string | number)[]

/** A path as one string (a JSON Pointer, RFC 6901), to be the key of a map. */
export const pointer = (path: Path): string =>
  path.map(step => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** A path as a reader writes it: `accounts[0].apiKey`. */
export const readablePath = (path: Path): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    const name = /^[\w-]+$/.test(step) ? step : JSON.stringify(step)
    return text === '' ? name : `${text}.${name}`
  }, '')

/** `config.yaml:3:12`, `env PORT`, `flag --port`, `argument config` or `default`. */
export function formatOrigin(origin: Origin): string {
  if (origin.kind === 'default') return 'default'
  if (origin.kind !== 'file') return `${origin.kind} ${origin.name}`
  const { file, line, column } = origin
  return [file, line, column].filter(part => part !== undefined).join(':')
}

/**
 * The origin of each value that somebody wrote. A key's own position is kept beside its value's, because an
 * unknown key is reported where the key stands and a bad value where the value stands.
 */
export class OriginTable {
  readonly #values = new Map<string, Origin>()
  readonly #keys = new Map<string, Origin>()

  set(path: Path, value: Origin): void {
    this.#values.set(pointer(path), value)
  }

  setKey(path: Path, key: Origin): void {
    this.#keys.set(pointer(path), key)
  }

  /** The origin of exactly this value; `default` when nobody wrote it. */
  get(path: Path): Origin {
    return this.#values.get(pointer(path)) ?? { kind: 'default' }
  }

  /** Where to point for a value that may be missing: itself, or the nearest enclosing value that exists. */
  nearest(path: Path): Origin {
    for (let length = path.length; length >= 0; length--) {
      const origin = this.#values.get(pointer(path.slice(0, length)))
      if (origin) return origin
    }
    return { kind: 'default' }
  }

  /** Where the key itself stands, or else its value. */
  key(path: Path): Origin {
    return this.#keys.get(pointer(path)) ?? this.nearest(path)
  }
}
