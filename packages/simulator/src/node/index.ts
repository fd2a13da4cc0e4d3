export { type RunOptions, runJobs } from './run-jobs.ts'
export { shippedTraces } from './traces.ts'
