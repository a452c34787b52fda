import assert from "node:assert/strict";
import { parseIpv4 } from "../../base/address.ts";
import { MemoryLogger } from "../../base/log.ts";
import { readMachine } from "../../machine/types.ts";
import type { FileAnswer, FileResolver } from "../answer.ts";
import { logAnswers } from "./answer_log.ts";

const CLIENT = parseIpv4("10.0.0.5");
const lease = { ipv4: "10.0.0.5", mac: "02:00:00:00:00:01", subnetMask: "255.255.255.0" };
const { machine } = readMachine({ metadata: { name: "m1" }, spec: { pxe: { dhcpLeases: [lease] } } });
const directory = {
  byIp: (ip: number) => ip === CLIENT ? { machine, lease: machine.leases[0]! } : undefined,
  byMac: () => undefined,
  byName: () => undefined,
  all: () => [machine],
};
const FOUND: FileAnswer = { kind: "bytes", body: new Uint8Array(), etag: '"x"' };
const MISSING: FileAnswer = { kind: "notFound", reason: "the image has no such file" };

function logged(resolve: FileResolver, now = () => 0) {
  const log = new MemoryLogger();
  return { log, resolve: logAnswers(resolve, { log, directory, now }) };
}

Deno.test("logAnswers() names machine, address, path and reason, and passes the answer on", async () => {
  const { log, resolve } = logged((_client, path) => path === "/a" ? FOUND : Promise.resolve(MISSING));
  assert.equal(resolve(CLIENT, "/a"), FOUND);
  assert.equal(await resolve(CLIENT + 1, "/b".padEnd(500, "b")), MISSING);
  assert.deepEqual(log.lines.map(({ message, fields }) => [message, JSON.parse(JSON.stringify(fields))]), [
    ["HTTP file", { machine: "m1", ip: "10.0.0.5", path: "/a", answer: "bytes" }],
    [
      "HTTP file refused",
      { ip: "10.0.0.6", path: "/b".padEnd(200, "b"), answer: "notFound", reason: "the image has no such file" },
    ],
  ]);
});

Deno.test("logAnswers() keeps a flood of requests from being one of lines, and says how many it held back", () => {
  let time = 1000;
  const { log, resolve } = logged(() => FOUND, () => time);
  for (let i = 0; i < 1000; i++) resolve(CLIENT, "/a");
  assert.equal(log.lines.length, 200);
  time += 60_000;
  resolve(CLIENT, "/a");
  assert.equal(log.lines.at(-1)?.fields.alsoHeldBack, 800);
});
