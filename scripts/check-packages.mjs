// Builds and packs every package, checks the tarballs as npm users would meet them (publint, attw), installs them
// into an empty folder and runs the command from there. Ends with exit code 1 at the first thing that is wrong.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const packages = ['scheduler', 'simulator', 'mock-upstream', 'gateway']
const folder = mkdtempSync(join(tmpdir(), 'headgate-pack-'))

/** Thrown, because an exit on the spot would leave the folder behind. */
class Failure extends Error {}

function run(command, args, cwd = root) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    throw new Failure(
      `${command} ${args.join(' ')} failed:\n${error.stdout ?? ''}${error.stderr ?? error.message}`,
    )
  }
}

try {
  for (const name of packages) rmSync(join(root, 'packages', name, 'dist'), { recursive: true, force: true })
  run('tsc', ['-b', 'tsconfig.build.json'])
  for (const name of packages)
    run('npm', ['pack', '--pack-destination', folder], join(root, 'packages', name))
  const tarballs = readdirSync(folder).filter(file => file.endsWith('.tgz'))
  for (const tarball of tarballs) {
    run('publint', ['run', join(folder, tarball), '--strict'])
    run('attw', [join(folder, tarball), '--profile', 'esm-only', '--format', 'ascii'])
    console.log(`ok  ${tarball}`)
  }
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs.map(file => `./${file}`)],
    folder,
  )
  const version = run(join(folder, 'node_modules', '.bin', 'headgate'), ['--version'], folder).trim()
  const schema = JSON.parse(
    run(join(folder, 'node_modules', '.bin', 'headgate'), ['config', 'schema'], folder),
  )
  if (typeof schema.properties?.accounts !== 'object')
    throw new Error('headgate config schema printed no schema')
  const script =
    "import { createScheduler } from '@headgate/scheduler'; import '@headgate/scheduler/memory'; import '@headgate/scheduler/contract'; import '@headgate/mock-upstream'; import '@headgate/simulator'; import '@headgate/simulator/node'; import 'headgate'; console.log(typeof createScheduler)"
  run('node', ['--input-type=module', '-e', script], folder)
  console.log(`ok  installed from tarballs, headgate ${version} runs`)
} catch (error) {
  console.error(error instanceof Failure ? error.message : error)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
