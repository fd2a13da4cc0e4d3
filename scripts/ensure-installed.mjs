// Installs the locked dependencies when they are absent or older than the lockfile, so that a bare clone
// needs no other command than `npm start` or `npm test`. Runs on whatever Node the machine has.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const installed = join(root, 'node_modules', '.package-lock.json')
const runtime = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')

const current =
  existsSync(installed) &&
  existsSync(runtime) &&
  statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs

if (!current) {
  console.error('headgate: installing the locked dependencies (once; about half a minute)')
  // Engine warnings are noise here: the pinned Node of the devDependency is what runs everything afterwards.
  const { status, error } = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (error || status !== 0) {
    console.error(
      `headgate: npm ci failed${error ? `: ${error.message}` : ''}. Check the network and run npm ci by hand.`,
    )
    process.exit(1)
  }
}
