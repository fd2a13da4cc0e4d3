/** Something that an examination found, and what to do about it. */
export interface Finding {
  /** `broken`: requests fail; `doubtful`: some may; `hint`: all is well, and could be better. */
  readonly severity: 'broken' | 'doubtful' | 'hint'
  /** One sentence without its full stop; never a credential. */
  readonly problem: string
  /** What to do, as an imperative. */
  readonly fix: string
}

export const broken = (problem: string, fix: string): Finding => ({ severity: 'broken', problem, fix })
export const doubtful = (problem: string, fix: string): Finding => ({ severity: 'doubtful', problem, fix })
export const hint = (problem: string, fix: string): Finding => ({ severity: 'hint', problem, fix })
