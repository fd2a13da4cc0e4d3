import { expect, it } from 'vitest'
import { isLoopback } from './loopback.ts'

it('takes addresses of this machine for loopback, and no name that looks like one', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost'])
    expect([host, isLoopback(host)]).toEqual([host, true])
  for (const host of ['127.example.com', '127.0.0.1.example.com', '0.0.0.0', '::', '10.0.0.1']) {
    expect([host, isLoopback(host)]).toEqual([host, false])
  }
})
