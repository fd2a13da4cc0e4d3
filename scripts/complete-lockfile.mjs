// Adds to package-lock.json the platform packages that a registry mirror did not know when the lockfile was made.
// `npm ci` refuses a lockfile without them, on every platform. Run it after every `npm install`; it changes nothing
// where nothing is missing.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const file = join(dirname(fileURLToPath(import.meta.url)), '..', 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']
const libraries = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' }

/** What a name such as `@biomejs/cli-linux-x64-musl` says of where the package runs. */
function platformOf(name) {
  const words = name.split('/').at(-1).split('-')
  const os = words.find(word => systems.includes(word))
  const cpu = words.find(word => processors.includes(word))
  const library = words.map(word => libraries[word]).find(Boolean)
  return {
    ...(cpu && { cpu: [cpu] }),
    ...(library && os === 'linux' && { libc: [library] }),
    ...(os && { os: [os] }),
  }
}

const added = []
for (const holder of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(holder.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`
    if (lock.packages[key] !== undefined) continue
    lock.packages[key] = { version, ...(holder.dev && { dev: true }), optional: true, ...platformOf(name) }
    added.push(name)
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(added.length === 0 ? 'The lockfile is complete.' : `Added ${added.length}: ${added.join(', ')}`)
