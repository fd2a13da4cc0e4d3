/** The command line itself is wrong: ends the program with exit code 2 and one line that says what and how to mend it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Something outside the command line is in the way (a port, a file): exit code 1 and one line. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
