import { deepEqual, equal } from "node:assert/strict";
import { MemoryLogger } from "../base/log.ts";
import type { Decide, WriteOutcome } from "../k8s/status.ts";
import type { MachineObject } from "../machine/types.ts";
import { TokenNotes } from "./token_notes.ts";

const START_MS = Date.parse("2026-11-23T10:00:00Z");
const MACHINE: MachineObject = { metadata: { name: "a", uid: "1" }, spec: {} };
const noteOf = (second: number, uid = "1") => ({ uid, sha256Prefix: `${second}`, issuedMs: START_MS + second * 1000 });

/** Notes whose writes end when the test says so. */
function setUp() {
  const writes: { name: string; slot: string; decide: Decide<MachineObject>; end: Ends }[] = [];
  const stored: MachineObject[] = [];
  const log = new MemoryLogger();
  const notes = new TokenNotes({
    log,
    clock: { now: () => START_MS + 500_000 },
    stored: (object) => stored.push(object),
    statuses: {
      write(name, slot, decide) {
        const { promise, resolve: end } = Promise.withResolvers<WriteOutcome<MachineObject>>();
        writes.push({ name, slot, decide, end });
        return promise;
      },
    },
  });
  /** Lets what has ended be heard of. */
  const heard = () => new Promise((resolve) => setTimeout(resolve));
  return { notes, writes, stored, log, heard };
}
type Ends = (outcome: WriteOutcome<MachineObject>) => void;

/** Tokens that a status tells of, as seconds after the start. */
function secondsOf(status: MachineObject["status"]): number[] {
  const { tokenTimes } = status!.attestation as { tokenTimes: string[] };
  return tokenTimes.map((time) => (Date.parse(time) - START_MS) / 1000);
}

Deno.test("TokenNotes keeps one write and sixty notes of a Machine whose status is never taken", () => {
  const { notes, writes } = setUp();
  for (let second = 0; second < 500; second++) notes.add("a", noteOf(second));
  notes.add("b", noteOf(0));
  deepEqual(writes.map(({ name, slot }) => `${name} ${slot}`), ["a tokens", "b tokens"]);
  const status = writes[0]!.decide(MACHINE);
  deepEqual(secondsOf(status), Array.from({ length: 60 }, (_, i) => 440 + i));
  equal((status!.attestation as Record<string, unknown>).tokenSHA256Prefix, "499");
});

Deno.test("TokenNotes counts each token once, however often its write is decided and whenever it comes", async () => {
  const { notes, writes, stored, heard } = setUp();
  notes.add("a", noteOf(1));
  writes[0]!.decide(MACHINE);
  notes.add("a", noteOf(2));
  // After a conflict.
  const first = { ...MACHINE, status: writes[0]!.decide(MACHINE)! };
  notes.add("a", noteOf(3));
  writes[0]!.end({ kind: "written", object: first });
  await heard();
  const second = { ...first, status: writes[1]!.decide(first)! };
  deepEqual([secondsOf(first.status), secondsOf(second.status)], [[1, 2], [1, 2, 3]]);
  writes[1]!.end({ kind: "written", object: second });
  await heard();
  deepEqual([stored, notes.size, writes.length], [[first, second], 0, 2]);
});

Deno.test("TokenNotes lets the notes of a Machine go with it, also where another has its name now", async () => {
  const { notes, writes, stored, heard } = setUp();
  notes.add("a", noteOf(1));
  notes.add("a", noteOf(2));
  writes[0]!.end({ kind: "gone" });
  await heard();
  deepEqual([notes.size, stored], [0, []]);
  notes.add("a", noteOf(3));
  notes.add("a", noteOf(4, "2"));
  const again = { ...MACHINE, metadata: { name: "a", uid: "2" } };
  const object = { ...again, status: writes[1]!.decide(again)! };
  deepEqual(secondsOf(object.status), [4]);
  writes[1]!.end({ kind: "written", object });
  await heard();
  equal(notes.size, 0);
});

Deno.test("TokenNotes are waited for at the end, for a while, and those that are lost are told of (contract 11.15)", async () => {
  const { notes, writes, log, heard } = setUp();
  await notes.flush(AbortSignal.abort());
  deepEqual(log.lines, []);
  notes.add("a", noteOf(1));
  notes.add("b", noteOf(1));
  const end = new AbortController();
  const flushed = notes.flush(end.signal);
  for (const { name, end } of writes) if (name === "a") end({ kind: "gone" });
  await heard();
  end.abort();
  await flushed;
  deepEqual(log.lines.map(({ level, fields }) => [level, fields]), [["error", { machines: "b" }]]);
  writes[1]!.end({ kind: "gone" });
  await notes.flush(new AbortController().signal);
  equal(notes.size, 0);
});
