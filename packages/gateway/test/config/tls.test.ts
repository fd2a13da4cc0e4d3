import { writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startHeadgate } from '../../src/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { printConfig } from '../../src/config/print.ts'
import { selfSigned } from '../fixtures/self-signed.ts'
import { load, problemsOf, secrets, temporaryFolder, yaml } from './fixture.ts'

const own = selfSigned()
const text = yaml({ rest: 'server: { port: 0, tls: { cert: cert.pem, key: key.pem } }\n' })
const files = { 'cert.pem': own.cert, 'key.pem': own.key }

it('makes the gateway speak HTTPS', async () => {
  const folder = temporaryFolder()
  for (const [name, contents] of Object.entries(files)) writeFileSync(join(folder, name), contents)
  const path = join(folder, 'config.yaml')
  writeFileSync(path, `${text}telemetry: { logLevel: silent }\n`, { mode: 0o600 })
  const loaded = await loadConfig({ path, env: secrets })
  expect(loaded.warnings).toEqual([])
  const gateway = await startHeadgate({ loaded })
  onTestFinished(() => gateway.close({ mode: 'force' }))
  expect(gateway.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
  const status = await new Promise((resolve, reject) => {
    const answered = get(`${gateway.url}/v1/models`, { ca: own.cert, agent: false }, response => {
      response.resume()
      resolve(response.statusCode)
    })
    answered.on('error', reject)
  })
  expect(status).toBe(401)
})

it('prints the paths, and neither the key nor its end', async () => {
  const printed = printConfig(await load({ text, files }))
  expect(printed).toMatch(/tls:\n {4}cert: \/.*cert\.pem\n {4}key: \/.*key\.pem/)
  expect(printed).not.toContain('PRIVATE')
})

it('warns of a certificate that has expired', async () => {
  const old = selfSigned({ notAfter: new Date('2021-01-01T00:00:00Z') })
  const { warnings } = await load({ text, files: { 'cert.pem': old.cert, 'key.pem': old.key } })
  expect(warnings.map(({ message }) => message)).toEqual([
    'the certificate expired on Jan  1 00:00:00 2021 GMT',
  ])
})

it.each([
  [
    'a missing file',
    { 'cert.pem': own.cert },
    /^config\.yaml:5:\d+ server\.tls\.key: the file does not exist/,
  ],
  [
    'a key in the place of the certificate',
    { 'cert.pem': own.key, 'key.pem': own.key },
    /^config\.yaml:5:\d+ server\.tls\.cert: the file is not a certificate in PEM\. Fix: name one that begins/,
  ],
  [
    'a certificate in the place of the key',
    { 'cert.pem': own.cert, 'key.pem': own.cert },
    /server\.tls\.key: the file is not a private key in PEM, or needs a passphrase/,
  ],
  [
    'the key of another certificate',
    { 'cert.pem': own.cert, 'key.pem': selfSigned().key },
    /server\.tls\.key: the file is not the key of the certificate in server\.tls\.cert\. Fix: name the key/,
  ],
])('refuses %s, with its place', async (_what, present, expected) => {
  const problems = await problemsOf({ text, files: present as Record<string, string> })
  expect(problems).toEqual([expect.stringMatching(expected)])
})
