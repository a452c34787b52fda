/** Commands that people are shown, to be typed into a POSIX shell. */

/** A text that the shell takes for one word: as it is, or in single quotes (XCU 2.2). */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
