/**
 * The sentence for a Node that is too old, or undefined for one that will do. Written in syntax that any Node
 * with ES modules reads, and imported before anything else, so that an old one gets this line and not a stack.
 */
export function nodeVersionProblem(found: string): string | undefined {
  const major = Number(found.replace(/^v/, '').split('.')[0])
  if (major >= 24) return undefined
  return `headgate: Node ${found} is too old. Fix: install Node 24 or newer (https://nodejs.org) and start again.`
}
