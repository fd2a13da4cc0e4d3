import { classicSession } from '../affinity/classic-session.ts'
import { DEFAULT_EJECTION } from '../health/ejection.ts'
import { leastLoaded } from '../pickers/least-loaded.ts'
import type { Profile } from '../profile.ts'
import { level } from '../rankers/level.ts'
import { classicProfile } from './classic.ts'
import { checkOptions, type ProfileOptions, SESSION_TTL_MS } from './options.ts'

/** The reference's selection without a scheduler: session first, then the least loaded. */
export function loadAwareProfile(options: ProfileOptions = {}): Profile {
  checkOptions('load-aware', options)
  const ttlMs = options.sessionTtlMs ?? SESSION_TTL_MS
  return {
    ...classicProfile(options),
    name: 'load-aware',
    affinity: [classicSession({ ttlMs })],
    ranker: level,
    picker: leastLoaded,
    ejection: DEFAULT_EJECTION,
    limits: 'respect',
  }
}
