import { readdirSync, readFileSync } from 'node:fs'

/**
 * CPU that a process and its children have used so far, in microseconds, of all their threads, user and system.
 *
 * From the kernel's scheduler statistics, which count nanoseconds where `/proc/PID/stat` counts hundredths of a
 * second, and count nginx's workers in the same way as Node's threads. Linux only.
 */
export function cpuMicrosOf(pid: number): number {
  let nanos = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [ran] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
    nanos += Number(ran)
  }
  let micros = nanos / 1000
  for (const child of childrenOf(pid)) micros += cpuMicrosOf(child)
  return micros
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}
