/** Base64 as Go reads it: where it first is none. */

const ALPHABET = /[A-Za-z0-9+/]/;

/** What is skipped within base64. */
function skipLines(text: string, from: number): number {
  let at = from;
  while (text[at] === "\n" || text[at] === "\r") at++;
  return at;
}

/** Where Go's decoder gives up; undefined when it reads it all. */
export function base64Problem(text: string): number | undefined {
  let at = 0;
  for (;;) {
    let digits = 0;
    while (digits < 4) {
      at = skipLines(text, at);
      const char = text[at];
      if (char === undefined) return digits === 0 ? undefined : at - digits;
      at++;
      if (ALPHABET.test(char)) {
        digits++;
        continue;
      }
      if (char !== "=" || digits < 2) return at - 1;
      return endProblem(text, at, digits);
    }
  }
}

/** After the first `=`: a second one where two digits came before it, and then nothing. */
function endProblem(text: string, from: number, digits: number): number | undefined {
  let at = skipLines(text, from);
  if (digits === 2) {
    if (at >= text.length) return text.length;
    if (text[at] !== "=") return at - 1;
    at = skipLines(text, at + 1);
  }
  return at < text.length ? at : undefined;
}
