import { describe, expect, it } from 'vitest'
import { goTrim, isGoSpace } from './go-trim.ts'

// Go 1.24: every rune for which unicode.IsSpace answers true.
const goSpaces = [
  0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005,
  0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
]

describe('goTrim', () => {
  it("knows Go's white space and nothing else as such", () => {
    const found: number[] = []
    for (let code = 0; code <= 0xffff; code++) if (isGoSpace(code)) found.push(code)
    expect(found).toEqual(goSpaces)
  })

  it('removes white space at both ends and keeps what is inside', () => {
    for (const code of goSpaces) {
      const space = String.fromCharCode(code)
      expect(goTrim(`${space}${space}a${space}b${space}`)).toBe(`a${space}b`)
    }
  })

  it('removes U+0085 and keeps U+FEFF, where String.trim does the opposite', () => {
    expect(goTrim('\u0085a\u0085')).toBe('a')
    expect(goTrim('\ufeffa\ufeff')).toBe('\ufeffa\ufeff')
  })

  it('leaves nothing of a blank text', () => {
    expect(goTrim(' \t\u00a0')).toBe('')
    expect(goTrim('')).toBe('')
  })
})
