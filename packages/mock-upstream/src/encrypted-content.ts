import { createHmac, randomBytes } from 'node:crypto'

/** What the real service calls Fernet tokens begin like this, and tools recognise them by it. */
const PREFIX = 'gAAAAAB'
const ID_BYTES = 48
const MAC_BYTES = 32

/** How a piece of encrypted content looks to an account. */
export type EncryptedContentVerdict = 'own' | 'foreign' | 'garbage'

/**
 * Makes encrypted content that only this account accepts. It holds nothing: it is random bytes with a MAC under the
 * account's key, so that no table is needed and content outlives a restart, as at the real service.
 */
export function sealContent(accountKey: string): string {
  const id = randomBytes(ID_BYTES)
  return PREFIX + Buffer.concat([id, mac(accountKey, id)]).toString('base64url')
}

/** Tells whether this account made `content`, another one did, or nobody. */
export function judgeContent(accountKey: string, content: string): EncryptedContentVerdict {
  if (!content.startsWith(PREFIX)) return 'garbage'
  const bytes = Buffer.from(content.slice(PREFIX.length), 'base64url')
  if (bytes.length !== ID_BYTES + MAC_BYTES) return 'garbage'
  return mac(accountKey, bytes.subarray(0, ID_BYTES)).equals(bytes.subarray(ID_BYTES)) ? 'own' : 'foreign'
}

function mac(accountKey: string, id: Buffer): Buffer {
  return createHmac('sha256', accountKey).update(id).digest()
}
