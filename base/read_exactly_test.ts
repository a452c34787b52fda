import { deepEqual, equal } from "node:assert/strict";
import { readExactly } from "./read_exactly.ts";

function inPieces(...pieces: number[][]) {
  return {
    read(target: Uint8Array): Promise<number | null> {
      const piece = pieces.shift();
      target.set(piece ?? []);
      return Promise.resolve(piece?.length ?? null);
    },
  };
}

Deno.test("readExactly() joins pieces and asks for no more than it needs", async () => {
  deepEqual(await readExactly(inPieces([1], [2, 3]), 3), new Uint8Array([1, 2, 3]));
  deepEqual(await readExactly(inPieces(), 0), new Uint8Array());
});

Deno.test("readExactly() tells an early end", async () => {
  equal(await readExactly(inPieces([1], [2]), 3), undefined);
});
