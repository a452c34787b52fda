/** What serve-pxe still does after SIGTERM (issue 3, part 8). */
import { equal, match } from "node:assert/strict";
import { peerTest } from "../peers/peer.ts";
import { LoopbackSite, machine, SITE_NEEDS } from "./loopback_site.ts";

const EVENT = JSON.stringify({ name: "modules-final", event_type: "finish", result: "SUCCESS" });

peerTest("serve-pxe writes what a machine reports while it stops (contract 11.15)", SITE_NEEDS, async () => {
  await using site = await LoopbackSite.create();
  await site.api.apply(machine("node-01", "127.0.0.1:1/nothing:v1", "aa:bb:cc:dd:ee:01", "127.0.0.1"));
  const metalman = await site.start();
  await metalman.waitFor(/ ready /);
  using client = await Deno.connect({ hostname: "127.0.0.1", port: site.ports.http });
  const send = (text: string) => client.write(new TextEncoder().encode(text));
  const receive = async () => {
    const buffer = new Uint8Array(4096);
    return new TextDecoder().decode(buffer.subarray(0, await client.read(buffer) ?? 0));
  };
  await send(
    `POST /cloudinit/log HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${EVENT.length}\r\n\r\n`,
  );
  match(await receive(), /^HTTP\/1\.1 100 /);
  const stopped = metalman.stop();
  await metalman.waitFor(/stopping; running transfers/);
  await send(EVENT);
  match(await receive(), /^HTTP\/1\.1 200 /);
  equal((await stopped).code, 0);
  const { conditions } = await site.status("node-01") as { conditions?: { type: string; status: string }[] };
  equal(conditions?.find(({ type }) => type === "CloudInitDone")?.status, "True");
});
