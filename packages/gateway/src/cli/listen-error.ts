import { StartError } from './usage-error.ts'

/** Where a server was told to listen, and by what (`config.yaml:3:9`, `flag --port`). */
export interface ListenPlace {
  readonly host: string
  readonly port: number
  readonly toldBy: string
}

/** Turns the system's word for a port that cannot be had into a sentence with the remedy; other errors pass. */
export function explainListenError(error: unknown, place: ListenPlace): unknown {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException
  if (syscall !== 'listen' && syscall !== 'bind' && syscall !== 'getaddrinfo') return error
  const port = (error as { port?: number }).port ?? place.port
  const where = `${place.host}:${port} (from ${place.toldBy})`
  if (code === 'EADDRINUSE') {
    return new StartError(
      `the port ${where} is in use. Fix: stop the process that \`lsof -i :${port}\` shows, or choose another --port.`,
    )
  }
  if (code === 'EACCES') {
    return new StartError(
      `the port ${where} is privileged. Fix: choose one above 1023, or grant CAP_NET_BIND_SERVICE.`,
    )
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new StartError(
      `${where} is not an address of this machine. Fix: use 127.0.0.1, 0.0.0.0 or one of its own.`,
    )
  }
  return error
}
