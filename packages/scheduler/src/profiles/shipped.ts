import { adaptiveProfile } from './adaptive.ts'
import { balancedProfile } from './balanced.ts'
import { classicProfile } from './classic.ts'
import { loadAwareProfile } from './load-aware.ts'

/** The shipped profiles by the names configurations use. */
export const PROFILES = {
  classic: classicProfile,
  'load-aware': loadAwareProfile,
  balanced: balancedProfile,
  adaptive: adaptiveProfile,
} as const

export type ProfileName = keyof typeof PROFILES
