import { InvalidArgumentError } from 'commander'

/** Reads a flag's value as a whole number in a range; anything else is a usage error that names the range. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return text => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }
}

/** A port as it was typed, checked; text, because it goes where the text of a variable or of the file would. */
export const portText = (text: string): string => String(wholeNumber(0, 65_535)(text))
