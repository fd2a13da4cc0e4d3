import { policyNamed } from '@headgate/simulator'
import { UsageError } from './usage-error.ts'

/**
 * The policies that `--policies` names, by commas.
 * @throws UsageError for one that is none, one that stands twice, and no name at all
 */
export function policiesOf(text: string): string[] {
  const names = text.split(',').map(name => name.trim())
  if (names.includes('')) {
    const wrong = names.length === 1 ? 'no policy is named' : 'a name between the commas is empty'
    throw new UsageError(`--policies: ${wrong}. Fix: write names by commas, such as balanced,adaptive.`)
  }
  for (const [place, name] of names.entries()) {
    knownPolicy(name)
    if (names.indexOf(name) === place) continue
    throw new UsageError(`--policies: ${name} is named twice. Fix: name it once.`)
  }
  return names
}

function knownPolicy(name: string): void {
  try {
    policyNamed(name)
  } catch (error) {
    throw new UsageError(`--policies: ${(error as Error).message}`)
  }
}
