import assert from "node:assert/strict";
import { peerTest, run } from "../peers/peer.ts";
import { dissect, RIG_SERVER } from "./network.ts";

/** A capture of one datagram from metalman's DHCP port. */
async function captured(payload: Uint8Array, file: string): Promise<void> {
  const bytes = [...payload].map((byte) => byte.toString(16).padStart(2, "0"));
  await Deno.writeTextFile(`${file}.txt`, `0000 ${bytes.join(" ")}\n`);
  await run("text2pcap", ["-q", "-4", `${RIG_SERVER},255.255.255.255`, "-u", "67,68", `${file}.txt`, file]);
}

peerTest(
  "dissect() counts what the server sent and names what is malformed",
  { programs: ["tshark", "text2pcap"] },
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "metalman-dissect-" });
    const file = `${folder}/dhcp.pcap`;
    const offer = new Uint8Array(300);
    offer.set([2, 1, 6]);
    offer.set([0x63, 0x82, 0x53, 0x63, 53, 1, 2, 255], 236);

    await captured(offer, file);
    assert.deepEqual(await dissect(file, RIG_SERVER), { packets: { dhcp: 1, tftp: 0, http: 0 }, malformed: [] });
    assert.equal((await dissect(file, "10.77.0.10")).packets.dhcp, 0);

    // Option 54 promises four bytes and the datagram ends after two.
    await captured(Uint8Array.from([...offer.subarray(0, 243), 54, 4, 10, 77]), file);
    const { packets, malformed } = await dissect(file, RIG_SERVER);
    assert.equal(packets.dhcp, 1);
    assert.match(malformed.join("\n"), /^1 .*dhcp/);
    await Deno.remove(folder, { recursive: true });
  },
);
