import { X509Certificate } from 'node:crypto'
import type { Config } from './config.ts'
import { entriesAt, textAt, valueAt } from './document-tree.ts'
import type { Problem } from './errors.ts'
import { type Path, pointer } from './origin.ts'
import type { Draft } from './parse-yaml.ts'
import { unusedKeys } from './unused-keys.ts'

/** Group and others may read. */
const readableByOthers = 0o044

/** What is allowed but probably not meant, with its remedy. `mode`: permission bits of the file, where known. */
export function warningsOf(draft: Draft, config: Config, mode: number | undefined): Problem[] {
  return [
    ...exposedSecrets(draft, mode),
    ...unusedKeys(draft),
    ...unusedAccounts(draft, config),
    ...idlePools(draft, config),
    ...idleWeights(draft, config),
    ...idleHedges(draft, config),
    ...expiredCertificates(draft, config),
  ]
}

function exposedSecrets(draft: Draft, mode: number | undefined): Problem[] {
  if (mode === undefined || (mode & readableByOthers) === 0) return []
  const places: Path[] = [
    ['admin', 'token'],
    ...entriesAt(draft.tree, ['accounts']).flatMap(({ path, value }) => [
      [...path, 'apiKey'],
      [...path, 'auth', 'clientSecret'],
      ...(textAt(value, ['proxy'])?.includes('@') ? [[...path, 'proxy']] : []),
    ]),
    ...entriesAt(draft.tree, ['clients']).flatMap(({ path }) =>
      entriesAt(draft.tree, [...path, 'keys']).map(entry => entry.path),
    ),
  ]
  const inline = places.filter(
    path => valueAt(draft.tree, path) !== undefined && !draft.interpolated.has(pointer(path)),
  )
  const octal = (mode & 0o777).toString(8).padStart(4, '0')
  return inline.map(path => ({
    origin: draft.origins.nearest(path),
    path,
    message: `a secret stands in the file itself, which others may read (mode ${octal})`,
    fix: `write \${VARIABLE} instead, or chmod 600 the file`,
  }))
}

function unusedAccounts(draft: Draft, config: Config): Problem[] {
  const used = new Set(config.pools.flatMap(pool => pool.accounts))
  return config.accounts.flatMap(({ id }, index) => {
    const path = ['accounts', index]
    const fix = 'add its id to a pool, or remove the account'
    return used.has(id) ? [] : [{ origin: draft.origins.nearest(path), path, message: 'is in no pool', fix }]
  })
}

function idlePools(draft: Draft, config: Config): Problem[] {
  const enabled = new Set(config.accounts.filter(account => account.enabled).map(account => account.id))
  return config.pools.flatMap(({ name, accounts }) => {
    const path = ['pools', name]
    const fix = 'enable an account of the pool'
    if (accounts.some(id => enabled.has(id))) return []
    return [{ origin: draft.origins.nearest(path), path, message: 'has no enabled account', fix }]
  })
}

/** A weight is a share of turns, which a queue served first come, first served does not take. */
function idleWeights(draft: Draft, config: Config): Problem[] {
  const turns = new Set(
    config.pools.filter(pool => pool.scheduler.fairness === 'tenant').map(pool => pool.name),
  )
  return config.clients.flatMap(({ pool, pools }, index) => {
    const path = ['clients', index, 'weight']
    if (valueAt(draft.tree, path) === undefined || [pool, ...pools].some(name => turns.has(name))) return []
    const message = 'changes nothing: the client’s pools serve first come, first served'
    return [{ origin: draft.origins.nearest(path), path, message, fix: 'remove it, or set fairness: tenant' }]
  })
}

/** A second attempt needs a second account, an attempt that is left, and time before the first one is given up. */
function idleHedges(draft: Draft, { pools, limits, accounts }: Config): Problem[] {
  const enabled = new Set(accounts.filter(account => account.enabled).map(account => account.id))
  return pools.flatMap(({ name, hedge, firstTokenTimeoutMs, accounts: ids }) => {
    if (hedge === undefined) return []
    const path = ['pools', name, 'hedge']
    const why = (): [string, string] | undefined => {
      if (limits.attempts < 2)
        return ['hedges nothing: limits.attempts is 1', 'set limits.attempts to 2 or more, or remove hedge']
      if (ids.filter(id => enabled.has(id)).length < 2)
        return ['hedges nothing: the pool has one account', 'add an account to the pool, or remove hedge']
      const { afterMs } = hedge
      if (firstTokenTimeoutMs === undefined || afterMs === 'auto' || afterMs < firstTokenTimeoutMs)
        return undefined
      return [
        'hedges nothing: the first attempt is given up before hedge.after, by firstTokenTimeout',
        'make hedge.after shorter than firstTokenTimeout, or remove hedge',
      ]
    }
    const found = why()
    if (found === undefined) return []
    const [message, fix] = found
    return [{ origin: draft.origins.nearest(path), path, message, fix }]
  })
}

/** Refused it would be worse: at a reload it would take the rest of the file with it. */
function expiredCertificates(draft: Draft, { server, accounts }: Config): Problem[] {
  const shown = [
    { path: ['server', 'tls', 'cert'], cert: server.tls?.cert },
    ...accounts.map(({ tls }, index) => ({ path: ['accounts', index, 'tls', 'cert'], cert: tls?.cert })),
  ]
  return shown.flatMap(({ path, cert }) => {
    if (cert === undefined) return []
    const { validTo, validToDate } = new X509Certificate(cert)
    if (validToDate.getTime() > Date.now()) return []
    const message = `the certificate expired on ${validTo}`
    return [{ origin: draft.origins.nearest(path), path, message, fix: 'renew it' }]
  })
}
