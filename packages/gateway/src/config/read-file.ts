import { createReadStream } from 'node:fs'

/** A file's text, or why it cannot be had. */
export type FileText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'problem'; readonly message: string; readonly fix: string }

const reasons: Readonly<Record<string, readonly [message: string, fix: string]>> = {
  ENOENT: ['does not exist', 'check the path; relative paths start at the folder of the configuration file'],
  EACCES: ['may not be read by this user', 'grant read permission to the user that runs Headgate'],
  EISDIR: ['is a directory', 'name a file inside it'],
  ELOOP: ['is a symbolic link that leads to itself', 'correct the link'],
}

/**
 * Reads at most `maxBytes` of UTF-8 text, without a byte order mark. Works for pipes too, as in
 * `--config <(decrypt config.yaml)`, which is why the size is found by reading and not by asking.
 */
export async function readText(path: string, maxBytes: number): Promise<FileText> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of createReadStream(path, { end: maxBytes })) chunks.push(chunk as Buffer)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    const [message, fix] = reasons[code] ?? ['cannot be read', 'check the path']
    return { kind: 'problem', message: `${message} (${code})`, fix }
  }
  const bytes = Buffer.concat(chunks)
  if (bytes.length > maxBytes) {
    return {
      kind: 'problem',
      message: `is larger than ${maxBytes} bytes`,
      fix: 'check that it is the right file',
    }
  }
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { kind: 'problem', message: 'is not UTF-8 text', fix: 'save it as UTF-8' }
  }
}
