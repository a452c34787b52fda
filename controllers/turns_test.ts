import assert from "node:assert/strict";
import { Turns } from "./turns.ts";

/** Lets everything run that waits for nothing but promises. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("Turns gives the first turn at once, and each other after a pause, in order", async () => {
  const pauses: (() => void)[] = [];
  const turns = new Turns(() => new Promise((resolve) => pauses.push(resolve)));
  const had: number[] = [];
  const asked = [1, 2, 3].map((n) => turns.next().then(() => had.push(n)));
  for (const wanted of [[1], [1, 2], [1, 2, 3]]) {
    await settled();
    assert.deepEqual([had, pauses.length], [wanted, wanted.length]);
    pauses.at(-1)!();
  }
  await Promise.all(asked);
});

Deno.test("Turns leaves time for a socket between the turns of messages that came together", async () => {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  let pause: Promise<void> | undefined;
  const turns = new Turns(() => pause = new Promise((resolve) => setTimeout(resolve)));
  const { port1, port2 } = new MessageChannel();
  const seen: string[] = [];
  const heard = socket.receive().then(() => seen.push("packet"));
  const all = Promise.withResolvers<void>();
  port2.onmessage = async ({ data }) => {
    await turns.next();
    seen.push("turn");
    if (data === 0) await socket.send(new Uint8Array(1), socket.addr);
    if (data === 99) all.resolve();
  };
  for (let i = 0; i < 100; i++) port1.postMessage(i);
  await all.promise;
  await heard;
  await pause;
  port1.close();
  port2.close();
  socket.close();
  assert.ok(seen.indexOf("packet") < 100, "after them all");
});
