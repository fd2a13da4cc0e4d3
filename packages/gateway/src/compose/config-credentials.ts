import type { Config } from '../config/config.ts'

/** Every credential of a configuration, in clear: for those who must not repeat them. */
export function configCredentials({ accounts, clients, admin }: Config): string[] {
  const secrets = [
    ...accounts.map(account => account.apiKey),
    ...clients.flatMap(client => client.keys),
    admin.token,
  ]
  return secrets.flatMap(secret => (secret === undefined ? [] : [secret.reveal()]))
}
