import { errorBody } from '../errors.ts'
import type { ErrorInside200Fault } from '../faults/fault.ts'
import { firstDelta } from '../stream/responses-events.ts'
import { sseFrame } from '../stream/sse-frame.ts'
import { DEFAULT_FAULT_MESSAGE, errorType, type Wording } from '../wording.ts'
import { type ResponseDraft, type ResponseState, responseObject } from './response-object.ts'

/** Errors and deltas as the Responses API words them, about one response; `settle` is told when it has failed. */
export function responsesWording(draft: ResponseDraft, settle: (state: ResponseState) => unknown): Wording {
  const failed = ({ code = 'server_error', message = DEFAULT_FAULT_MESSAGE }: ErrorInside200Fault) => {
    const state = { status: 'failed', error: { code, message } } as const
    settle(state)
    return responseObject(draft, state)
  }
  const failedEvent = (fault: ErrorInside200Fault, sequence: number) =>
    frame('response.failed', sequence, { response: failed(fault) })
  return {
    firstDelta: firstDelta(draft),
    deltaEvent: (delta, sequence) =>
      frame('response.output_text.delta', sequence, {
        item_id: draft.messageId,
        output_index: draft.encryptedContent === null ? 0 : 1,
        content_index: 0,
        delta,
        logprobs: [],
      }),
    errorJson: fault =>
      (fault.as ?? 'failed') === 'failed' ? JSON.stringify(failed(fault)) : errorBody(errorFields(fault)),
    errorEvents(fault, sequence) {
      const { message, type, param, code } = errorFields(fault)
      const flat = frame('error', sequence, { code, message, param })
      switch (fault.as ?? 'failed') {
        case 'failed':
          return [failedEvent(fault, sequence)]
        case 'error':
          return [flat]
        case 'nestedError':
          return [frame('error', sequence, { error: { type, code, message, param } })]
        case 'errorThenFailed':
          return [flat, failedEvent(fault, sequence + 1)]
      }
    },
  }
}

function frame(type: string, sequence: number, fields: object): string {
  return sseFrame(JSON.stringify({ type, sequence_number: sequence, ...fields }), type)
}

function errorFields({ code = 'server_error', message = DEFAULT_FAULT_MESSAGE }: ErrorInside200Fault) {
  return { message, type: errorType(code), param: null, code }
}
