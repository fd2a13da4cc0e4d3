#!/usr/bin/env node
// Nothing but the version check may be imported statically: what the program imports needs Node 24 to load.
import { nodeVersionProblem } from './node-version.ts'

const problem = nodeVersionProblem(process.version)
if (problem) {
  process.stderr.write(`${problem}\n`)
  process.exitCode = 2
} else {
  import('./program.ts')
    .then(function start(program) {
      return program.main(process.argv.slice(2))
    })
    .catch(function fail(error) {
      process.stderr.write(`headgate cannot start: ${error?.stack}\n`)
      process.exitCode = 1
    })
}
