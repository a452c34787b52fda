/** Seeded damage to texts, for tests of what strangers send. */

/** A generator of numbers in [0, 1): mulberry32, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a mutation makes of which texts. */
export interface Mutations {
  /** Good texts to start from. */
  readonly texts: readonly string[];
  /** What is put in place of up to four characters, one to three times. */
  readonly pieces: readonly string[];
  readonly count: number;
  readonly seed: number;
}

/** `count` damaged texts. */
export function* mutations({ texts, pieces, count, seed }: Mutations): Generator<string> {
  const next = seeded(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  for (let i = 0; i < count; i++) {
    let text = texts[below(texts.length)]!;
    for (let edits = 1 + below(3); edits > 0; edits--) {
      const at = below(text.length + 1);
      text = text.slice(0, at) + pieces[below(pieces.length)] + text.slice(at + below(5));
    }
    yield text;
  }
}
