import assert from "node:assert/strict";
import { formatIpv4, parseCidr } from "../base/address.ts";
import { mutations } from "../tests/mutate.ts";
import { clientIp } from "./client_ip.ts";

const NONE = [] as const;
const PROXIES = ["10.0.0.0/24", "192.0.2.1"].map(parseCidr);

for (
  const [name, peer, header, trusted, wanted] of [
    ["the peer", "10.9.9.9", null, NONE, "10.9.9.9"],
    ["nobody is believed by default", "10.0.0.1", "1.2.3.4", NONE, "10.0.0.1"],
    ["a stranger is not believed", "10.9.9.9", "1.2.3.4", PROXIES, "10.9.9.9"],
    ["a trusted proxy is believed", "10.0.0.1", "1.2.3.4", PROXIES, "1.2.3.4"],
    ["what the client wrote itself is not", "10.0.0.1", "6.6.6.6, 1.2.3.4", PROXIES, "1.2.3.4"],
    ["through a chain of trusted proxies", "10.0.0.1", "6.6.6.6, 1.2.3.4, 192.0.2.1,10.0.0.2", PROXIES, "1.2.3.4"],
    ["all of them trusted: the first", "10.0.0.1", "10.0.0.3, 10.0.0.2", PROXIES, "10.0.0.3"],
    ["with a port", "10.0.0.1", "1.2.3.4:5678", PROXIES, "1.2.3.4"],
    ["malformed", "10.0.0.1", "1.2.3.4, unknown", PROXIES, "10.0.0.1"],
    ["malformed beyond the client is not read", "10.0.0.1", "junk, 1.2.3.4", PROXIES, "1.2.3.4"],
    ["an empty header", "10.0.0.1", "", PROXIES, "10.0.0.1"],
    ["a leading zero is no address", "10.0.0.1", "010.1.1.1", PROXIES, "10.0.0.1"],
    ["too long a header", "10.0.0.1", "1.2.3.4," + " ".repeat(2000) + "1.2.3.4", PROXIES, "10.0.0.1"],
    ["IPv4-mapped peer", "::ffff:10.0.0.1", "1.2.3.4", PROXIES, "1.2.3.4"],
    ["IPv4-mapped peer in hexadecimal", "::ffff:a00:1", "::FFFF:1.2.3.4", PROXIES, "1.2.3.4"],
    ["IPv6 has no lease", "fe80::1", "1.2.3.4", PROXIES, undefined],
  ] as const
) {
  Deno.test(`clientIp(): ${name} (contract 11.1)`, () => {
    const client = clientIp(peer, header, trusted);
    assert.equal(client === undefined ? undefined : formatIpv4(client), wanted);
  });
}

Deno.test("200,000 mutated headers: an address, and never one that only a stranger named", () => {
  const texts = ["6.6.6.6, 1.2.3.4", "1.2.3.4:99,10.0.0.2", "::ffff:1.2.3.4, 192.0.2.1"];
  const pieces = ["", ",", ".", ":", "6.6.6.6", "0", "255", "256", " ", "::ffff:", "[", "x", "\0"];
  const seen = new Set<number>();
  for (const header of mutations({ texts, pieces, count: 200_000, seed: 2 })) {
    const client = clientIp("10.0.0.1", header, PROXIES)!;
    assert.ok(Number.isInteger(client) && client >= 0 && client < 2 ** 32, header);
    seen.add(client);
    assert.equal(clientIp("10.9.9.9", header, PROXIES), 0x0a090909, header);
  }
  assert.ok(seen.size > 100);
});
