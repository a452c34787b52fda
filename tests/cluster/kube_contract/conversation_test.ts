import assert from "node:assert/strict";
import { fillIn, parseTalk, pick } from "./conversation.ts";

Deno.test("parseTalk() reads requests, what to compare and the wanted answers", () => {
  const [post, read, raw] = parseTalk(`
> POST /path?q=1
+ accept: text/html, */*;q=0.8
? metadata.name data
$a metadata.resourceVersion
{metadata:
  {name: a}}
< 201
! warning: 299 - "w"
{metadata.name: a}
> READ w 2
> PUT /raw
| {"open":
`);
  assert.deepEqual(post, {
    verb: "POST",
    watch: "",
    target: "/path?q=1",
    headers: { accept: "text/html, */*;q=0.8" },
    picks: ["metadata.name", "data"],
    keeps: { a: "metadata.resourceVersion" },
    body: "{metadata:\n  {name: a}}",
    raw: false,
    wanted: '201\n! warning: 299 - "w"\n{metadata.name: a}',
  });
  assert.deepEqual([read!.verb, read!.watch, read!.target, read!.wanted], ["READ", "w", "2", undefined]);
  assert.deepEqual([raw!.raw, raw!.body], [true, '{"open":']);
});

Deno.test("fillIn() replaces the names it knows and repeats characters", () => {
  assert.equal(fillIn("$ns-a $nope (x*3) $a1", new Map([["ns", "n"], ["a1", "7"]])), "n-a $nope xxx 7");
});

for (
  const [path, wanted] of [
    ["a.b", 1],
    ["l[1].n", "y"],
    ["l[n=x].v", 5],
    ["l[n=none].v", undefined],
    ["l[].v", [5, null]],
    ["'d.e'.f", true],
    ["none.of.this", undefined],
  ] as const
) {
  Deno.test(`pick() ${path}`, () => {
    assert.deepEqual(pick({ a: { b: 1 }, l: [{ n: "x", v: 5 }, { n: "y" }], "d.e": { f: true } }, path), wanted);
  });
}
