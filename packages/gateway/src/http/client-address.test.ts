import { describe, expect, it } from 'vitest'
import type { HeaderList } from '../wire/header-list.ts'
import { createClientAddress } from './client-address.ts'

const addressOf = createClientAddress(['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])
const xff = (...values: string[]): HeaderList => values.map(value => ['x-forwarded-for', value] as const)
const forwarded = (value: string): HeaderList => [['forwarded', value]]

describe('behind a peer that is not trusted', () => {
  it.each([
    { headers: xff('127.0.0.1') },
    { headers: xff('10.0.0.1', '10.0.0.2') },
    { headers: forwarded('for=127.0.0.1') },
  ])('the peer is the client, whatever $headers says', ({ headers }) => {
    expect(addressOf('203.0.113.5', headers)).toBe('203.0.113.5')
  })
})

describe('behind a trusted proxy', () => {
  it.each<[string, string, HeaderList, string]>([
    ['the client it names', '10.0.0.1', xff('203.0.113.5'), '203.0.113.5'],
    ['one trusted by its own address', '192.0.2.7', xff('203.0.113.5'), '203.0.113.5'],
    ['not what the client wrote before it', '10.0.0.1', xff('127.0.0.1, 203.0.113.5'), '203.0.113.5'],
    ['past other trusted hops', '10.0.0.1', xff('6.6.6.6, 203.0.113.5, 10.9.9.9'), '203.0.113.5'],
    ['over several fields, in order', '10.0.0.1', xff('6.6.6.6', '203.0.113.5', '10.1.1.1'), '203.0.113.5'],
    ['the first hop when all are trusted', '10.0.0.1', xff('10.3.3.3, 10.2.2.2'), '10.3.3.3'],
    ['a proxy seen through a dual-stack socket', '::ffff:10.0.0.1', xff('203.0.113.5'), '203.0.113.5'],
    ['an IPv6 proxy and client', 'fd00::1', xff('2001:db8::9'), '2001:db8::9'],
    ['a client with its port', '10.0.0.1', xff('203.0.113.5:4711'), '203.0.113.5'],
    ['an IPv6 client with its port', '10.0.0.1', xff('[2001:db8::9]:4711'), '2001:db8::9'],
    ['Forwarded', '10.0.0.1', forwarded('for=6.6.6.6, For="[2001:db8::9]:4711";proto=https'), '2001:db8::9'],
    ['the proxy itself when it names nobody', '10.0.0.1', [], '10.0.0.1'],
    ['the proxy itself when it hides the client', '10.0.0.1', forwarded('for=_hidden'), '10.0.0.1'],
    ['the proxy before an entry that is no address', '10.0.0.1', xff('unknown, 10.2.2.2'), '10.2.2.2'],
    [
      'nothing behind a quote left open',
      '10.0.0.1',
      forwarded('for="6.6.6.6, for=203.0.113.5'),
      '203.0.113.5',
    ],
    [
      'the client both headers name',
      '10.0.0.1',
      [...xff('203.0.113.5'), ...forwarded('for=203.0.113.5')],
      '203.0.113.5',
    ],
    [
      'nobody when one header was let through from the client',
      '10.0.0.1',
      [...xff('203.0.113.5'), ...forwarded('for=127.0.0.1')],
      '10.0.0.1',
    ],
  ])('it is %s', (_what, peer, headers, client) => {
    expect(addressOf(peer, headers)).toBe(client)
  })

  it('no endless list is walked', () => {
    expect(addressOf('10.0.0.1', xff(`203.0.113.5, ${Array(5000).fill('10.1.1.1').join()}`))).toBe('10.1.1.1')
  })
})
