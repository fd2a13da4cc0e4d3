/** The command line itself is wrong: ends the program with exit code 2 and one line that says what and how to mend it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
