import { runConformance } from './command.ts'

// npm runs scripts in the package's folder and says in INIT_CWD where it was called.
process.exitCode = await runConformance({
  args: process.argv.slice(2),
  cwd: process.env['INIT_CWD'] ?? process.cwd(),
  print: line => console.log(line),
  printError: line => console.error(line),
})
