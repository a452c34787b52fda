import assert from "node:assert/strict";
import { judge, median, number, type Row, table } from "./report.ts";

const BASE: Row = { area: "tftp", figure: "f", unit: "MB/s" };
const RATIO = { of: "ratio", is: "atLeast", than: 0.9 } as const;

const JUDGED: readonly [name: string, row: Row, ratio: number | undefined, reached: boolean | undefined][] = [
  ["reaches a ratio", { ...BASE, ours: 90, peer: { name: "p", value: 100 }, target: RATIO }, 0.9, true],
  ["misses a ratio", { ...BASE, ours: 80, peer: { name: "p", value: 100 }, target: RATIO }, 0.8, false],
  [
    "does not judge a ratio without the peer",
    { ...BASE, ours: 80, peer: { name: "p" }, target: RATIO },
    undefined,
    undefined,
  ],
  ["does not judge what was not measured", { ...BASE, target: { ...RATIO, of: "ours" } }, undefined, undefined],
  ["judges a ceiling", { ...BASE, ours: 4, target: { of: "ours", is: "atMost", than: 3 } }, undefined, false],
  ["divides by no zero", { ...BASE, ours: 4, peer: { name: "p", value: 0 } }, undefined, undefined],
];

for (const [name, row, ratio, reached] of JUDGED) {
  Deno.test(`judge() ${name}`, () => {
    const judged = judge(row);
    assert.equal(judged.ratio, ratio);
    assert.equal(judged.reached, reached);
  });
}

Deno.test("number() keeps three digits that mean something", () => {
  assert.deepEqual([0, 0.01234, 1.234, 12.34, 123.4, 12345.6].map(number), [
    "0",
    "0.0123",
    "1.23",
    "12.3",
    "123",
    "12,346",
  ]);
});

Deno.test("median() takes the middle", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([9, 1, 5, 7]), 6);
  assert.throws(() => median([]), RangeError);
});

Deno.test("table() lines up and says what is missing", () => {
  const text = table([judge(JUDGED[0]![1]), judge({ ...JUDGED[2]![1], note: "p is not installed" })]);
  const lines = text.split("\n");
  assert.equal(new Set(lines.map((line) => line.length)).size, 1);
  assert.match(lines[2]!, /\| tftp: f, MB\/s \| 90\.0 +\| p 100 \| 0\.90 +\| ratio at least 0\.9 \| yes /);
  assert.match(lines[3]!, /\| p - +\| +\| ratio at least 0\.9 \| not measured \| p is not installed \|/);
});
