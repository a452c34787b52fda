/** Numbers in queries and metadata as Go's strconv reads them, with its texts. */

/** A number that Go would not read; the message is Go's. */
export class NumberError extends Error {}

const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

function parse(call: string, text: string, pattern: RegExp, min: bigint, max: bigint): number {
  if (!pattern.test(text)) throw new NumberError(`strconv.${call}: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = text.length > 20 ? max + 1n : BigInt(text.replace(/^\+/, ""));
  if (value < min || value > max) {
    throw new NumberError(`strconv.${call}: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return Number(value);
}

/** An int64. */
export function parseInt64(text: string): number {
  return parse("ParseInt", text, /^[+-]?\d+$/, -MAX_INT64 - 1n, MAX_INT64);
}

/** A uint64. */
export function parseUint64(text: string): number {
  return parse("ParseUint", text, /^\d+$/, 0n, MAX_UINT64);
}
