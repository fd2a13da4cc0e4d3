/**
 * Remembers what was made for a combination of labels: prom-client checks and sorts labels anew on every call that
 * names them, and a bound child does not.
 */
export class LabelCache<Child> {
  readonly #make: (labels: readonly string[]) => Child
  readonly #children = new Map<string, { readonly labels: readonly string[]; readonly child: Child }>()

  constructor(make: (labels: readonly string[]) => Child) {
    this.#make = make
  }

  get(...labels: readonly string[]): Child {
    const key = labels.length === 1 ? labels[0]! : labels.join('\u0000')
    let entry = this.#children.get(key)
    if (entry === undefined) {
      entry = { labels, child: this.#make(labels) }
      this.#children.set(key, entry)
    }
    return entry.child
  }

  /** Forgets every combination that matches, and says which. */
  drop(matches: (labels: readonly string[]) => boolean): (readonly string[])[] {
    const dropped: (readonly string[])[] = []
    for (const [key, { labels }] of this.#children) {
      if (!matches(labels)) continue
      this.#children.delete(key)
      dropped.push(labels)
    }
    return dropped
  }
}
