import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ownerBindingKey, responseBindingKey, sessionBindingKey } from '../../src/affinity/binding-key.ts'
import { createWorld } from '../engine/world.ts'
import { holds } from './holds.ts'

// What a hostile tenant would send: separators, digits that look like lengths, NUL, text of other scripts.
const piece = fc.constantFrom(':', '.', '-', '1', '12', 's', 'a', '\0', '会', '😀', ' ', 'default')
const text = fc.array(piece, { maxLength: 4 }).map(pieces => pieces.join(''))
const scope = fc.record({ tenant: text, pool: text, group: fc.option(text) })

describe('bindings', () => {
  it('of different scopes, kinds or keys never share a key', () =>
    holds(
      fc.property(scope, text, scope, text, (one, keyOne, other, keyOther) => {
        const same =
          one.tenant === other.tenant &&
          one.pool === other.pool &&
          one.group === other.group &&
          keyOne === keyOther
        expect(sessionBindingKey(one, keyOne) === sessionBindingKey(other, keyOther)).toBe(same)
        expect(responseBindingKey(one, keyOne) === responseBindingKey(other, keyOther)).toBe(same)
        const sameOwner = one.tenant === other.tenant && one.pool === other.pool && keyOne === keyOther
        expect(ownerBindingKey(one, keyOne) === ownerBindingKey(other, keyOther)).toBe(sameOwner)
        const kinds = [
          sessionBindingKey(one, keyOne),
          responseBindingKey(one, keyOne),
          ownerBindingKey(one, keyOne),
        ]
        expect(new Set(kinds).size).toBe(3)
      }),
      2_000,
    ))

  it('of one text cut in two ways never share a key', () => {
    const cut = fc.tuple(
      fc.array(text, { minLength: 2, maxLength: 4 }),
      fc.nat(),
      fc.nat(),
      fc.constantFrom('', ':', ':1.'),
    )
    return holds(
      fc.property(cut, ([parts, one, other, glue]) => {
        const at = (place: number) => ({
          tenant: parts.slice(0, place % (parts.length + 1)).join(glue),
          pool: parts.slice(place % (parts.length + 1)).join(glue),
          group: null,
        })
        const same = at(one).tenant === at(other).tenant && at(one).pool === at(other).pool
        expect(sessionBindingKey(at(one), 'k') === sessionBindingKey(at(other), 'k')).toBe(same)
      }),
      2_000,
    )
  })

  it('never cross tenants, whatever they call their sessions and ids', () => {
    const visit = fc.record({ tenant: text, key: text, account: fc.nat({ max: 3 }) })
    return holds(
      fc.asyncProperty(fc.array(visit, { maxLength: 30, size: 'max' }), async visits => {
        const { scheduler } = createWorld({ accounts: [0, 1, 2, 3].map(i => ({ id: `a${i}` })) })
        const book = new Map<string, string>()
        for (const { tenant, key, account } of visits) {
          const known = book.get(JSON.stringify([tenant, key]))
          const located = await scheduler.locate({ tenant, owners: [key] })
          expect(located.kind === 'located' ? located.account : undefined).toBe(known)
          if (known !== undefined) continue
          await scheduler.bind({ tenant }, [key], `a${account}`)
          book.set(JSON.stringify([tenant, key]), `a${account}`)
        }
      }),
      200,
    )
  })
})
