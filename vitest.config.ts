import { defineConfig } from 'vitest/config'

const conditions = ['headgate-source', 'node', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts', 'examples/**/*.test.ts', 'scripts/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    // Child processes and workers of the suites resolve workspace packages to their sources as well.
    execArgv: ['--conditions=headgate-source'],
    testTimeout: 20_000,
  },
})
