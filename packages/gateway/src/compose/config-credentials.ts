import type { Config } from '../config/config.ts'

/** Every credential of a configuration, in clear: for those who must not repeat them. */
export function configCredentials({ accounts, clients, admin }: Config): string[] {
  const secrets = [
    ...accounts.flatMap(({ apiKey, auth, proxy }) => [apiKey, auth?.clientSecret, proxy?.credentials]),
    ...clients.flatMap(client => client.keys),
    admin.token,
  ]
  return secrets.flatMap(secret => (secret === undefined ? [] : [secret.reveal()]))
}
