export { type RunOptions, runJobs } from './run-jobs.ts'
export { shippedScenarios } from './scenarios.ts'
export { shippedTraces } from './traces.ts'
