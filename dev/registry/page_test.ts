import assert from "node:assert/strict";
import fc from "fast-check";
import { pageOf } from "./page.ts";

Deno.test("pageOf(): pages in the order of OCI distribution-spec 1.1, Listing Tags", () => {
  const all = ["b", "C", "a", "B", "a10", "a2"];
  const cases: readonly (readonly [n: number, last: string | undefined, entries: string[], more: boolean])[] = [
    [1000, undefined, ["a", "a10", "a2", "B", "b", "C"], false],
    [2, undefined, ["a", "a10"], true],
    [2, "a10", ["a2", "B"], true],
    [2, "B", ["b", "C"], false],
    [6, undefined, ["a", "a10", "a2", "B", "b", "C"], false],
    [1, "C", [], false],
    [0, undefined, [], false],
    // The one that was last may be gone by now.
    [2, "a3", ["B", "b"], true],
  ];
  for (const [n, last, entries, more] of cases) {
    const page = pageOf(all, { n, ...(last === undefined ? {} : { last }) }, "/x");
    assert.deepEqual(page.entries, entries);
    assert.equal(page.link, more ? `</x?n=${n}&last=${entries.at(-1)}>; rel="next"` : undefined);
  }
});

Deno.test("pageOf(): following the links gives every entry once", () => {
  fc.assert(fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 5 }), (all, n) => {
    const seen: string[] = [];
    for (let link: string | undefined = "x?n=1"; link !== undefined;) {
      const last = /last=([^>]*)/.exec(link)?.[1];
      const page = pageOf(all, { n, ...(last === undefined ? {} : { last: decodeURIComponent(last) }) }, "/x");
      seen.push(...page.entries);
      link = page.link;
    }
    assert.deepEqual(seen.toSorted(), all.toSorted());
  }));
});
