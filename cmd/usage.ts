/** Mistakes on the command line and in what it names: one line, exit code 2 or 1, never a stack trace. */

/** The command line itself is wrong: exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The command line is right and cannot be done here: exit code 1. */
export class StartError extends Error {
  override name = "StartError";
}
