export { shippedTraces } from './traces.ts'
