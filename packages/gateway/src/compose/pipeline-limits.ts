import { getHeapStatistics } from 'node:v8'
import type { LimitsConfig } from '../config/config.ts'
import type { PipelineLimits } from '../proxy/pipeline-deps.ts'

/** The data plane's bounds; the share of the heap for buffered bodies becomes bytes here. */
export function pipelineLimits(limits: LimitsConfig): PipelineLimits {
  return {
    bodyBytes: limits.bodyBytes,
    uploadBytes: limits.uploadBytes,
    bufferedBytes: Math.floor(getHeapStatistics().heap_size_limit * limits.bufferedShare),
    eventBytes: limits.eventBytes,
    jsonBufferBytes: limits.jsonBufferBytes,
    holdMs: limits.holdMs,
    keepaliveMs: limits.keepaliveMs,
    totalMs: limits.totalMs,
    attempts: limits.attempts,
    retryRatio: limits.retryRatio,
    retryBurst: limits.retryBurst,
  }
}
