import { expect, it } from 'vitest'
import { composeReply } from './reply-text.ts'

const base = { accountName: 'a', turn: 3, userText: 'hi', outputTokens: undefined, maxTokens: undefined }

it('names the account, the turn and what was said', () => {
  expect(composeReply(base).text).toBe('This is a, turn 3. You said: hi')
})

it('has exactly the length asked for, and its tokens are its text', () => {
  for (const outputTokens of [1, 5, 100]) {
    const { text, tokens } = composeReply({ ...base, outputTokens })
    expect(tokens.length).toBe(outputTokens)
    expect(tokens.join('')).toBe(text)
  }
})

it('bounds the echo and never splits a character', () => {
  const { text, tokens } = composeReply({ ...base, userText: '😀'.repeat(500) })
  expect(text.length).toBeLessThan(260)
  expect(tokens.every(token => token.isWellFormed())).toBe(true)
})

it('is cut short by the limit of the client', () => {
  expect(composeReply({ ...base, outputTokens: 10, maxTokens: 4 })).toMatchObject({ truncated: true })
  expect(composeReply({ ...base, outputTokens: 4, maxTokens: 4 })).toMatchObject({ truncated: false })
})
