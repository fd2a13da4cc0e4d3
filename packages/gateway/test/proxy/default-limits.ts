import type { PipelineLimits } from '../../src/proxy/pipeline-deps.ts'

/** The limits of a configuration that sets none, on a heap of 2 GiB. */
export const defaultPipelineLimits: PipelineLimits = {
  bodyBytes: 32 << 20,
  uploadBytes: 512 << 20,
  bufferedBytes: 512 << 20,
  eventBytes: 1 << 20,
  jsonBufferBytes: 8 << 20,
  holdMs: 10_000,
  keepaliveMs: 15_000,
  totalMs: 3_600_000,
  attempts: 4,
  retryRatio: 0.2,
  retryBurst: 10,
}
