import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from './store-error.ts'

/** The schema this version writes. */
export const schemaVersion = 1

/** `migrations[n]` leads from version n to n + 1. Never changed once released: a new version is appended. */
const migrations: readonly string[] = [
  `CREATE TABLE binding (
     key TEXT PRIMARY KEY,
     target TEXT NOT NULL,
     expires_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX binding_expiry ON binding (expires_ms);`,
]

/**
 * Brings a database to {@link schemaVersion}, in one transaction. A newer schema is refused and nothing is
 * touched: going back to an older Headgate must not cost the bindings.
 */
export function migrate(database: DatabaseSync, file: string): void {
  database.exec('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT')
  const row = database.prepare('SELECT version FROM schema_version').get()
  const version = Number(row?.['version'] ?? 0)
  if (version === schemaVersion) return
  if (version > schemaVersion) {
    throw new StoreError(
      'store_newer_schema',
      `${file} has schema version ${version}; this Headgate knows up to ${schemaVersion}. Run the newer Headgate again, or set store.path to another folder. Nothing was changed.`,
    )
  }
  database.exec('BEGIN IMMEDIATE')
  for (const step of migrations.slice(version)) database.exec(step)
  database.exec('DELETE FROM schema_version')
  database.prepare('INSERT INTO schema_version VALUES (?)').run(schemaVersion)
  database.exec('COMMIT')
}
