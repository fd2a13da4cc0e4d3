import { duration, fraction, section, size, whole, wordOrDuration } from './fields.ts'

const KiB = 1024
const MiB = 1024 ** 2
const GiB = 1024 ** 3

/** What bounds a request's memory, time and attempts. */
export const limits = section({
  body: size(KiB, GiB).prefault('32MiB').describe('The largest request body that is buffered.'),
  upload: size(KiB, 64 * GiB)
    .prefault('512MiB')
    .describe('The largest upload; uploads are streamed, not buffered.'),
  bufferedShare: fraction(0.01, 0.9)
    .prefault(0.25)
    .describe('The share of the heap that all buffered bodies may take together.'),
  header: size(KiB, MiB).prefault('32KiB').describe('All header fields of a request together.'),
  headerCount: whole(10, 1000).prefault(100).describe('The number of header fields of a request.'),
  event: size(KiB, 256 * MiB)
    .prefault('1MiB')
    .describe('The largest event of an upstream stream.'),
  jsonBuffer: size(KiB, GiB)
    .prefault('8MiB')
    .describe('How much of a JSON reply is held back so that a broken one can be retried.'),
  websocketMessage: size(KiB, GiB).prefault('16MiB').describe('Not used yet. The largest WebSocket message.'),
  headerTimeout: duration({ minMs: 100 }).prefault('10s').describe('Time for a client to send its header.'),
  bodyIdle: duration({ minMs: 100 })
    .prefault('60s')
    .describe('A client’s body must bring at least 1 KiB in each such time.'),
  stalledReader: duration({ minMs: 100 })
    .prefault('60s')
    .describe('Time a client may leave the bytes that wait for it untouched before it is cut off.'),
  headersTimeout: duration()
    .prefault('10m')
    .describe(
      'Time until an upstream answers with its header; a JSON reply of a slow model has none until it is done.',
    ),
  idleTimeout: duration().prefault('5m').describe('Time between two parts of an upstream reply.'),
  hold: duration()
    .prefault('10s')
    .describe('How long a stream is held back, after its header, for the model to begin.'),
  keepalive: wordOrDuration('off', { minMs: 1000 })
    .prefault('15s')
    .describe(
      'A stream that has begun and is silent for so long gets a comment line, so that proxies on the way keep its connection; off: none.',
    ),
  total: duration({ minMs: 1000 })
    .prefault('1h')
    .describe(
      'The longest a generation may take, from its arrival to the end of its answer, whatever its upstream sends meanwhile.',
    ),
  drain: duration().prefault('30s').describe('Time for open requests to end after the first SIGTERM.'),
  overload: section({
    heap: fraction(0.1, 1)
      .prefault(0.85)
      .describe('The share of the heap’s limit beyond which new work is shed; 1 leaves it out.'),
    loopLag: duration({ minMs: 10 })
      .prefault('200ms')
      .describe('How late the event loop may be (p99) before new work is shed.'),
  })
    .prefault({})
    .describe('When new work is turned away, so that what runs can end.'),
  attempts: whole(1, 10).prefault(4).describe('Attempts of one request, the first included.'),
  retryRatio: fraction(0, 1)
    .prefault(0.2)
    .describe('Retries that are allowed for each request, on average over ten seconds.'),
  retryBurst: whole(0, 10_000)
    .prefault(10)
    .describe('Retries that are allowed in ten seconds whatever the load.'),
})
