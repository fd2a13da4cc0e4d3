import { GatewayError } from '../errors/errors.ts'

/** A field of a form that was looked for: its text, and where that lies in the body. */
export interface FormField {
  readonly value: string
  readonly start: number
  readonly end: number
}

const contentType =
  /^multipart\/form-data *(?:; *charset=[\w-]{1,32} *)?; *boundary=(?:"([^"\\\r\n]{1,70})"|([^\s;",\\]{1,70})) *$/i
const disposition =
  /^content-disposition: *form-data *; *name="([^"\\\r\n]*)" *(?:; *filename="(?:[^"\\\r\n]|\\.)*" *)?(?:; *filename\*=[^;\r\n]+)?$/i
const maxParts = 100
const maxHeadBytes = 4096
const maxValueBytes = 1024

/** The boundary of a form's content type; undefined when it is another type. */
export function formBoundary(type: string | undefined): string | undefined {
  const match = type === undefined || type.length > 256 ? null : contentType.exec(type)
  return match === null ? undefined : (match[1] ?? match[2])
}

/**
 * Finds the wanted fields of a multipart body. It is strict, because an upstream that reads the form differently
 * could be told another model or another file than was checked here: 400 `invalid_form` for anything but whole parts
 * with one plainly named disposition each, `duplicate_key` for a wanted field that comes twice.
 */
export function readForm(
  body: Uint8Array,
  boundary: string,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, FormField> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  const found = new Map<string, FormField>()
  let at = bytes.indexOf(delimiter.subarray(2))
  if (at !== 0) throw invalid('it does not begin with its boundary')
  at = delimiter.length - 2
  for (let parts = 0; ; parts++) {
    if (bytes[at] === 0x2d && bytes[at + 1] === 0x2d) return found
    if (bytes[at] !== 0x0d || bytes[at + 1] !== 0x0a) throw invalid('a boundary is not on a line of its own')
    if (parts === maxParts) throw invalid(`it has more than ${maxParts} parts`)
    const headEnd = bytes.indexOf('\r\n\r\n', at)
    if (headEnd === -1 || headEnd - at > maxHeadBytes) throw invalid('the head of a part does not end')
    const name = nameOf(bytes.toString('latin1', at + 2, headEnd))
    const start = headEnd + 4
    const end = bytes.indexOf(delimiter, start)
    if (end === -1) throw invalid('its last part does not end with the boundary')
    if (wanted.has(name)) note(found, name, { start, end, bytes })
    at = end + delimiter.length
  }
}

function nameOf(head: string): string {
  const named = head
    .split('\r\n')
    .filter(line => /^content-disposition/i.test(line.trimStart()))
    .map(line => disposition.exec(line)?.[1])
  const name = named[0]
  if (named.length !== 1 || name === undefined) throw invalid('a part is not plainly named')
  return name
}

function note(
  found: Map<string, FormField>,
  name: string,
  { start, end, bytes }: { readonly start: number; readonly end: number; readonly bytes: Buffer },
): void {
  if (found.has(name)) {
    throw new GatewayError('duplicate_field', { param: name, values: { param: name } })
  }
  const value = end - start > maxValueBytes ? '' : bytes.toString('utf8', start, end)
  found.set(name, { value, start, end })
}

function invalid(detail: string): GatewayError {
  return new GatewayError('invalid_form', { values: { detail } })
}
