import { Gauge, type Registry } from 'prom-client'

/** Shows how much new work is turned away, read when the page is fetched. */
export function showOverload(registry: Registry, level: () => number): void {
  new Gauge({
    name: 'headgate_overload_level',
    help: '0 while nothing is turned away for overload; each level more turns away new work of higher priority.',
    registers: [registry],
    collect() {
      this.set(level())
    },
  })
}
