import { isUtf8 } from 'node:buffer'
import { invalidValue, missingParameter } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { fileNotFound } from '../not-found-errors.ts'
import type { UploadedFile } from '../uploads/read-upload.ts'
import type { JsonBody } from './generation.ts'
import {
  answerDeletion,
  answerList,
  answerNew,
  answerObject,
  epochSeconds,
  findObject,
  type ObjectKind,
} from './owned-object.ts'

/** A file as its account keeps it: its first bytes, and how many there were. */
export interface FileRecord {
  readonly id: string
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly purpose: string
  readonly file: UploadedFile
}

const PURPOSES = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals']

const FILES: ObjectKind<FileRecord> = {
  shelf: ({ account }) => account.objects.files,
  notFound: id => fileNotFound(id),
  view: fileObject,
  deleted: 'file',
}

/** `POST /v1/files`; the body is what {@link readUpload} made of the form: `fields` and `file`. */
export function createFile(exchange: Exchange, form: JsonBody): void {
  const fields = form['fields'] as ReadonlyMap<string, string>
  const file = form['file'] as UploadedFile | null
  const purpose = fields.get('purpose')
  if (file === null) {
    exchange.fail(missingParameter('file'))
    return
  }
  if (purpose === undefined) {
    exchange.fail(missingParameter('purpose'))
    return
  }
  if (!PURPOSES.includes(purpose)) {
    exchange.fail(invalidValue('purpose', `one of ${PURPOSES.join(', ')}.`))
    return
  }
  const createdAt = epochSeconds(exchange)
  const lifeSeconds = Number(fields.get('expires_after[seconds]') ?? Number.NaN)
  const expiresAt = Number.isFinite(lifeSeconds) ? createdAt + lifeSeconds : null
  exchange.account.counters.uploadedBytes += file.bytes
  const object = { id: exchange.world.nextId('file-'), createdAt, expiresAt, purpose, file }
  answerNew(exchange, FILES, { object, size: file.kept.length + 500 })
}

/** `GET /v1/files`, of one `purpose` when asked. */
export function listFiles(exchange: Exchange): void {
  const purpose = exchange.query.get('purpose')
  const files = FILES.shelf(exchange).list()
  const wanted = files.filter(file => purpose === null || file.purpose === purpose)
  answerList(exchange, wanted.map(fileObject), { order: 'desc', limit: 10_000, maxLimit: 10_000 })
}

/** `GET /v1/files/{id}`. */
export function retrieveFile(exchange: Exchange): void {
  answerObject(exchange, FILES)
}

/** `DELETE /v1/files/{id}`. */
export function deleteFile(exchange: Exchange): void {
  answerDeletion(exchange, FILES)
}

/**
 * `GET /v1/files/{id}/content`: as many bytes as were uploaded; those beyond the kept ones are zeros. Faults inside the
 * body strike only what was kept whole and is text, because wires carry text.
 */
export function downloadFile(exchange: Exchange): void {
  const record = findObject(exchange, FILES)
  if (record === null) return
  const { kept, bytes, filename } = record.file
  const safeName = filename.replace(/[^\x20-\x7e]|["\\]/g, '_')
  const headers = exchange.headers('application/octet-stream', [
    ...['content-disposition', `attachment; filename="${safeName}"`],
  ])
  if (kept.length === bytes && isUtf8(kept)) exchange.wire.body(200, headers, kept.toString())
  else sendPadded(exchange, headers, record.file)
}

const ZEROS = Buffer.alloc(65_536)

function sendPadded({ response }: Exchange, headers: string[], { kept, bytes }: UploadedFile): void {
  response.writeHead(200, [...headers, 'content-length', String(bytes)])
  let left = bytes - kept.length
  const pad = () => {
    while (left > 0) {
      const piece = ZEROS.subarray(0, Math.min(left, ZEROS.length))
      left -= piece.length
      if (!response.write(piece)) {
        response.once('drain', pad)
        return
      }
    }
    response.end()
  }
  if (response.write(kept)) pad()
  else response.once('drain', pad)
}

function fileObject({ id, createdAt, expiresAt, purpose, file }: FileRecord) {
  return {
    ...{ id, object: 'file', bytes: file.bytes, created_at: createdAt, expires_at: expiresAt },
    ...{ filename: file.filename, purpose, status: 'processed', status_details: null },
  }
}
