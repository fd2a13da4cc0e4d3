import * as z from 'zod'
import { account } from './schema/account.ts'
import { client } from './schema/client.ts'
import { listOf, name, says, section } from './schema/fields.ts'
import { limits } from './schema/limits.ts'
import { pool } from './schema/pool.ts'
import { admin, server, store, telemetry } from './schema/server.ts'

const noAccounts = says(
  'there are no accounts',
  `add accounts: [{ id: openai-1, apiKey: "\${OPENAI_API_KEY}" }]`,
)

const noPools = says(
  'must name at least one pool',
  'leave pools out for a pool named default with every account',
)

/**
 * The configuration file. This one value is the type, the check, the defaults and (through json-schema.ts) what
 * editors complete from. Rules that join two places of the file are in the check-*.ts files.
 */
export const configFile = section({
  server: server.prefault({}).describe('Where Headgate listens.'),
  admin: admin.prefault({}).describe('The admin API.'),
  clients: listOf(client, 10_000).prefault([]).describe('Who may call, and with which keys.'),
  accounts: listOf(account, 10_000, { missing: noAccounts })
    .min(1, { error: noAccounts })
    .describe('The upstream accounts; at least one. Their order decides ties.'),
  pools: z
    .record(name(), pool, {
      error: says('must be a map from pool names to pools', 'write pools: { default: {} }'),
    })
    .refine(all => Object.keys(all).length > 0, { error: noPools })
    .prefault({ default: {} })
    .describe('Groups of accounts, each with its scheduler.'),
  store: store.prefault({}).describe('What survives a restart.'),
  limits: limits.prefault({}).describe('Bounds on memory, time and attempts.'),
  telemetry: telemetry.prefault({}).describe('Logs, metrics and the decision log.'),
})

/** The file as written: every key but `accounts` may be missing. */
export type ConfigFileInput = z.input<typeof configFile>

/** The file after validation: defaults filled in, durations in milliseconds, sizes in bytes, secrets still bare. */
export type ConfigFile = z.output<typeof configFile>
