/** Where a server was told to listen, as far as the one who explains knows. */
export interface ListenPlace {
  readonly host: string
  readonly port: number
  /** What said so: `config.yaml:3:9`, `flag --port`. */
  readonly toldBy?: string
  /** What to change it with: `--port`, `server.port`. Default: `port`. */
  readonly setting?: string
}

/** Nothing listens: the address, the cause and the remedy, in one line. `cause` is the system's error. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  /** The system's: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` ... */
  readonly code: string
  readonly host: string
  readonly port: number

  constructor(text: string, place: ListenPlace, cause: NodeJS.ErrnoException) {
    super(text, { cause })
    this.code = cause.code ?? 'unknown'
    this.host = place.host
    this.port = place.port
  }
}

const listening: readonly unknown[] = ['listen', 'bind', 'getaddrinfo']

/**
 * Turns the system's word for an address that cannot be had into a {@link ListenError}; other errors pass. One that
 * is explained already is explained anew, by whoever knows more of the place.
 */
export function explainListenError(error: unknown, place: ListenPlace): unknown {
  const cause = (error instanceof ListenError ? error.cause : error) as NodeJS.ErrnoException | undefined
  if (!listening.includes(cause?.syscall)) return error
  return new ListenError(sentence(cause!, place), place, cause!)
}

function sentence({ code, message }: NodeJS.ErrnoException, place: ListenPlace): string {
  const { host, port, toldBy, setting = 'port' } = place
  const where = `${host}:${port}${toldBy === undefined ? '' : ` (from ${toldBy})`}`
  switch (code) {
    case 'EADDRINUSE':
      return `the port ${where} is in use. Fix: stop the process that \`lsof -i :${port}\` shows, or choose another ${setting}.`
    case 'EACCES':
      return `the port ${where} is privileged. Fix: choose one above 1023, or grant CAP_NET_BIND_SERVICE.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${where} is not an address of this machine. Fix: use 127.0.0.1, 0.0.0.0 or one of its own.`
    default:
      return `cannot listen on ${where}: ${message}. Fix: choose another ${setting}.`
  }
}
