/**
 * Why nothing listens, said to the operator: the address, the cause and the remedy. `code`, `syscall` and `port`
 * are those of Node's error, which is the `cause`.
 */
export function listenError(
  error: NodeJS.ErrnoException,
  address: { readonly host: string; readonly port: number },
): Error {
  const { code, syscall } = error
  const text = `Cannot listen on ${address.host}:${address.port}: ${explain(code, address) ?? error.message}`
  return Object.assign(new Error(text, { cause: error }), { code, syscall, ...address })
}

function explain(code: string | undefined, address: { readonly host: string; readonly port: number }) {
  const { host, port } = address
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is in use by another process. Stop it (find it with "ss -ltnp sport = :${port}") or set server.port to another port; 0 takes any free one.`
    case 'EACCES':
      return `port ${port} is reserved for privileged processes. Set server.port to 1024 or above, or grant CAP_NET_BIND_SERVICE.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `this machine has no address ${host}. Set server.host to 127.0.0.1 for this machine only, or 0.0.0.0 for every interface.`
    default:
      return undefined
  }
}
