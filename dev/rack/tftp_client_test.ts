import { deepEqual, equal, rejects } from "node:assert/strict";
import { LoadError } from "./load_error.ts";
import { benchPower, settle } from "./testdata/bench_power.ts";
import { loadOverTftp } from "./tftp_client.ts";
import type { DatagramPort, UdpAddress } from "./wire.ts";

const bytes = (packet: string) => Uint8Array.from(packet, (c) => c.charCodeAt(0));
const SERVER = "192.0.2.1";
const from = (port: number, hostname = SERVER): UdpAddress => ({ transport: "udp", hostname, port });
const WISH = { path: "a", blockSize: 8 } as const;
const PATIENCE = { timeoutMs: 1000, tries: 3 } as const;

/** What the network does when the machine has sent so many packets: packets, each after some milliseconds. */
type Script = (sent: number) => readonly [afterMs: number, packet: string, from: UdpAddress][];

function bench(script: Script) {
  const sent: string[] = [];
  let waiting: PromiseWithResolvers<readonly [Uint8Array, UdpAddress]> | undefined;
  const queue: [Uint8Array, UdpAddress][] = [];
  let open = true;
  const deliver = (packet: Uint8Array, address: UdpAddress) => {
    if (waiting === undefined) queue.push([packet, address]);
    else waiting.resolve([packet, address]);
    waiting = undefined;
  };
  const port: DatagramPort = {
    send(packet, to) {
      const at = (b.clock.now() - startMs) / 1000;
      sent.push(`${at} ${to.hostname}:${to.port} ${String.fromCharCode(...packet)}`);
      for (const [afterMs, answer, address] of script(sent.length)) {
        b.clock.sleep(afterMs).then(() => open && deliver(bytes(answer), address));
      }
      return Promise.resolve();
    },
    receive() {
      const next = queue.shift();
      if (next !== undefined) return Promise.resolve(next);
      waiting = Promise.withResolvers();
      return waiting.promise;
    },
    close() {
      open = false;
      waiting?.reject(new Error("closed"));
    },
  };
  const b = benchPower({ udp: () => port });
  const startMs = b.clock.now();
  return { ...b, sent, load: () => settle(b.clock, loadOverTftp(b.power, SERVER, WISH, { patience: PATIENCE })) };
}

const RRQ = "\0\x01a\0octet\0blksize\x008\0";
const OACK = "\0\x06blksize\x008\0";

Deno.test("loadOverTftp(): the answer's port is the server's from then on; others are told off (RFC 1350 section 4)", async () => {
  const b = bench((sent) =>
    sent === 1
      ? [
        [1, OACK, from(5000)],
        [2, "\0\x03\0\x01XXXXXXXX", from(5001)],
        [3, "\0\x03\0\x01XXXXXXXX", from(5000, "192.0.2.2")],
        [4, "\0\x03\0\x01short", from(5000)],
      ]
      : []
  );
  equal(await b.load(), 5);
  deepEqual(b.sent, [
    `0 192.0.2.1:69 ${RRQ}`,
    "0.001 192.0.2.1:5000 \0\x04\0\0",
    "0.002 192.0.2.1:5001 \0\x05\0\x05unknown port\0",
    "0.003 192.0.2.2:5000 \0\x05\0\x05unknown port\0",
    "0.004 192.0.2.1:5000 \0\x04\0\x01",
  ]);
});

Deno.test("loadOverTftp(): what was sent last is sent again after each time-out, and then it is given up", async () => {
  const silent = bench(() => []);
  await rejects(silent.load(), (error) => error instanceof LoadError && error.kind === "silent");
  deepEqual(silent.sent, [0, 1, 2].map((s) => `${s} 192.0.2.1:69 ${RRQ}`));
  const dying = bench((sent) => sent === 1 ? [[500, OACK, from(5000)]] : []);
  await rejects(dying.load(), /no answer from 192\.0\.2\.1:5000/);
  deepEqual(dying.sent.slice(1), [0.5, 1.5, 2.5].map((s) => `${s} 192.0.2.1:5000 \0\x04\0\0`));
});

Deno.test("loadOverTftp(): a slow server that goes on is never asked again, and each block ends the count of time-outs", async () => {
  const block = (n: number) => `\0\x03\0${String.fromCharCode(n)}${n === 6 ? "" : "12345678"}`;
  const slow = bench((sent) =>
    sent === 1 ? [[900, OACK, from(5000)]] : sent < 8 ? [[900, block(sent - 1), from(5000)]] : []
  );
  equal(await slow.load(), 40);
  equal(slow.sent.length, 8);
  // Each ACK has to be sent three times before the next block comes.
  const bad = bench((sent) =>
    sent === 1 ? [[0, OACK, from(5000)]] : sent % 3 === 1 ? [[0, block((sent - 1) / 3), from(5000)]] : []
  );
  equal(await bad.load(), 40);
});

Deno.test("loadOverTftp(): an error says code and text; 1 means that there is no such file", async () => {
  for (
    const [packet, kind, message] of [
      ["\0\x05\0\x01no such file\0", "missing", "a over TFTP: TFTP error 1, no such file"],
      ["\0\x05\0\0template failed\0", "refused", "a over TFTP: TFTP error 0, template failed"],
      ["\0\x05\0\x02\0", "refused", "a over TFTP: TFTP error 2"],
    ] as const
  ) {
    const b = bench(() => [[1, packet, from(69)]]);
    await rejects(b.load(), (error) => error instanceof LoadError && error.kind === kind && error.message === message);
  }
});

Deno.test("loadOverTftp(): power off ends it at once", async () => {
  const b = bench(() => []);
  const loading = loadOverTftp(b.power, SERVER, WISH, { patience: PATIENCE });
  await b.clock.pass(10);
  b.plug.abort("off");
  await rejects(loading, (reason) => reason === "off");
  equal(b.clock.sleeping, 0);
});
