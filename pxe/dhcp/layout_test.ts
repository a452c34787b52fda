import assert from "node:assert/strict";
import { layOut } from "./layout.ts";

const bytes = (length: number) => new Uint8Array(length).fill(7);
const codes = (pieces: readonly { code: number }[]) => pieces.map(({ code }) => code);

interface Case {
  readonly name: string;
  readonly options: readonly [number, number][];
  readonly room: number;
  readonly wanted: { overload: number; options: number[]; file: number[]; sname: number[] };
}

const CASES: readonly Case[] = [
  {
    name: "spares `file` while `sname` is enough (RFC 2132 section 9.3, value 2)",
    options: [[53, 1], [54, 4], [12, 40]],
    room: 3 + 3 + 6,
    wanted: { overload: 2, options: [53, 54], file: [], sname: [12] },
  },
  {
    name: "uses `file` for what `sname` is too small for (value 1)",
    options: [[53, 1], [61, 100]],
    room: 3 + 3,
    wanted: { overload: 1, options: [53], file: [61], sname: [] },
  },
  {
    name: "leaves room for the end mark of `sname`",
    options: [[53, 1], [12, 62]],
    room: 3 + 3,
    wanted: { overload: 1, options: [53], file: [12], sname: [] },
  },
  {
    name: "uses both (value 3)",
    options: [[53, 1], [61, 100], [12, 50]],
    room: 3 + 3,
    wanted: { overload: 3, options: [53], file: [61], sname: [12] },
  },
  {
    name: "keeps room for option 82 at the end of the options field (RFC 3046 section 2.1)",
    options: [[53, 1], [82, 10], [61, 60]],
    room: 3 + 12 + 3,
    wanted: { overload: 2, options: [53, 82], file: [], sname: [61] },
  },
  {
    name: "cuts over the fields' borders what fits in none whole (RFC 3396 section 5)",
    options: [[53, 1], [61, 200]],
    room: 3 + 3 + 50,
    wanted: { overload: 3, options: [53, 61], file: [61], sname: [61] },
  },
  {
    name: "leaves out what a client can do without, 67 not before 6",
    options: [[53, 1], [54, 4], [58, 4], [6, 200], [67, 100]],
    room: 3 + 3 + 6,
    wanted: { overload: 3, options: [53, 54], file: [67], sname: [] },
  },
  {
    name: "leaves out an option 82 that is larger than the message",
    options: [[53, 1], [54, 4], [82, 100]],
    room: 30,
    wanted: { overload: 3, options: [53, 54], file: [], sname: [] },
  },
];
for (const { name, options, room, wanted } of CASES) {
  Deno.test(`layOut() ${name}`, () => {
    const layout = layOut(new Map(options.map(([code, length]) => [code, bytes(length)])), room);
    assert.deepEqual({
      overload: layout.overload,
      options: codes(layout.options),
      file: codes(layout.file),
      sname: codes(layout.sname),
    }, wanted);
  });
}
