import type { Traces } from '../src/scenario/build.ts'

/** For worlds that need no trace. */
export const noTraces: Traces = { conversation: () => '', azureCode: () => '', azureConversation: () => '' }
