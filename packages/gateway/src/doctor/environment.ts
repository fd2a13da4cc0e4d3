import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { broken, doubtful, type Finding } from './finding.ts'

/** Whether the data folder, or the one it will be made in, can be written to. */
export async function examineFolder(path: string): Promise<Finding[]> {
  try {
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return []
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const parent = dirname(path)
    if (code === 'ENOENT' && parent !== path) return await examineFolder(parent)
    return [
      broken(
        `the data folder cannot be written at ${path} (${code})`,
        'let this user write there, or set store.path',
      ),
    ]
  }
}

/** Whether the gateway could listen. A running Headgate is no mistake, and looks the same from here. */
export async function examineAddress({ host, port }: { host: string; port: number }): Promise<Finding[]> {
  const code = await listenOnce(host, port)
  if (code === undefined) return []
  if (code === 'EADDRINUSE')
    return [
      doubtful(`something listens at ${host}:${port}`, 'if it is not Headgate, stop it or set server.port'),
    ]
  const fix = code === 'EACCES' ? 'choose a port above 1023' : 'set server.host to an address of this machine'
  return [broken(`${host}:${port} cannot be listened at (${code})`, fix)]
}

function listenOnce(host: string, port: number): Promise<string | undefined> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown error'))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
