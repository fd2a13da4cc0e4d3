import { Command, Option } from 'commander'
import { explainListenError } from '../runtime/listen-error.ts'
import { note, print } from './output.ts'
import { onSignals } from './signals.ts'
import { startMock } from './start-mock.ts'
import { wholeNumber } from './whole-number.ts'

interface MockFlags {
  readonly port: number
  readonly key: readonly string[]
  readonly ttft?: number
  readonly tokensPerSecond?: number
}

/** `headgate mock-upstream`: an OpenAI-compatible server that answers with made-up text, for trials and tests. */
export function mockUpstreamCommand(): Command {
  return new Command('mock-upstream')
    .description('run an OpenAI-compatible server with made-up replies')
    .option('--port <number>', 'the port to listen on; 0 takes any free one', wholeNumber(0, 65_535), 8090)
    .addOption(
      new Option('--key <key>', 'a key to accept, as one account; repeatable')
        .argParser(collect)
        .default([], 'any key'),
    )
    .option('--ttft <ms>', 'milliseconds until the first token', wholeNumber(0, 3_600_000))
    .option('--tokens-per-second <number>', 'the pace of a stream', wholeNumber(1, 1_000_000))
    .action(serveMock)
}

async function serveMock(flags: MockFlags): Promise<void> {
  const mock = await startMock({
    port: flags.port,
    keys: flags.key,
    ttftMs: flags.ttft,
    tokensPerSecond: flags.tokensPerSecond,
  }).catch(error => {
    const place = { host: '127.0.0.1', port: flags.port, toldBy: '--port', setting: '--port' }
    throw explainListenError(error, place)
  })
  print(`The mock upstream listens on ${mock.url}/v1`)
  onSignals({
    onReload: () => note('the mock upstream has nothing to reload'),
    onDrain: () => mock.close(),
    onForce: () => mock.close(),
    onFailure: error => note(String(error)),
  })
}

const collect = (key: string, earlier: readonly string[]): readonly string[] => [...earlier, key]
