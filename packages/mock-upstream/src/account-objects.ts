import { Conversations } from './conversations.ts'
import type { BatchRecord } from './endpoints/batches.ts'
import type { ContainerRecord } from './endpoints/containers.ts'
import type { FileRecord } from './endpoints/files.ts'
import type { StoredChat } from './endpoints/stored-chat.ts'
import type { VectorStoreRecord } from './endpoints/vector-stores.ts'
import { ObjectShelf } from './object-shelf.ts'

/** What one account keeps beside responses, each known by its id to this account alone. */
export class AccountObjects {
  readonly conversations = new Conversations()
  readonly files = new ObjectShelf<FileRecord>()
  readonly vectorStores = new ObjectShelf<VectorStoreRecord>()
  readonly containers = new ObjectShelf<ContainerRecord>()
  readonly batches = new ObjectShelf<BatchRecord>()
  readonly chats = new ObjectShelf<StoredChat>()

  clear(): void {
    for (const shelf of Object.values(this)) (shelf as { clear(): void }).clear()
  }
}
