import type { LoadedConfig, ReadConfig } from './config/load.ts'
import type { LoadProbe } from './runtime/load-probe.ts'

/** What `headgate serve` asks of the composition root (`startHeadgate` in app.ts). */
export type StartHeadgate = (options: StartOptions) => Promise<HeadgateHandle>

export interface StartOptions {
  readonly loaded: LoadedConfig
  /** The file the configuration came from; absent for the demo and for a key in the environment. */
  readonly configPath?: string | undefined
  /** Measures the process's load, in the place of the real one: for trials of what overload does. */
  readonly probe?: LoadProbe | undefined
  /** Reads that file again, for whoever asks for a reload; absent: there is none. */
  readonly readConfig?: (() => Promise<ReadConfig>) | undefined
}

/** A running gateway. */
export interface HeadgateHandle {
  /** Where clients reach it, as `http://127.0.0.1:8080`, with the port that was really bound. */
  readonly url: string
  /** Applies a configuration that was read again; rejects, and keeps the old one, when it cannot be applied live. */
  reload(loaded: LoadedConfig): Promise<void>
  /** `drain` waits up to limits.drain for open requests; `force` ends them at once. Both resolve when all is closed. */
  close(options: { mode: 'drain' | 'force' }): Promise<void>
}
