import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../../../..')
const pages = globSync('docs/*/*.md', { cwd: root })
const texts = globSync(['*.md', 'llms.txt', 'docs/**/*.md', 'examples/*/*.md', 'packages/*/*.md'], {
  cwd: root,
})

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** What a page links to in the repository, as paths from its root. */
function targets(path: string): string[] {
  return [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, target]) =>
    join(dirname(path), target!),
  )
}

it.each(['docs/README.md', 'llms.txt'])('%s leads to every page', index => {
  expect(pages.length).toBeGreaterThan(20)
  expect(pages.filter(page => !targets(index).includes(page))).toEqual([])
})

it.each(texts)('every link of %s leads somewhere', path => {
  expect(targets(path).filter(target => !existsSync(join(root, target)))).toEqual([])
})
