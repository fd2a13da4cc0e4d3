/** Answers that many rows have in common. */

export const badModel = { status: 400, param: 'model', says: ['"model"', '1 to 256'] } as const
export const notFound = {
  status: 400,
  code: 'previous_response_not_found',
  param: 'previous_response_id',
} as const
/** The upstream refuses it in its own words. */
export const relayed = { status: 400 } as const
