import assert from "node:assert/strict";
import { LEASE, Scratch, startServer, Witness } from "./dhcp_network.ts";
import { NetNamespace } from "./netns.ts";
import { Peer, peerTest, run } from "./peer.ts";

const RELAY_MODE = { kind: "relay", bindAddress: "0.0.0.0", serverIp: "192.0.2.1" } as const;
const BEHIND = { ...LEASE, ipv4: "198.51.100.50", gateway: "198.51.100.1" };
const WITNESSES = ["ip", "tcpdump", "tshark"];

peerTest(
  "dhcrelay carries udhcpc's messages with option 82; a renewal passes the relay by",
  { programs: [...WITNESSES, "dhcrelay", "udhcpc", "sysctl"], root: true },
  async () => {
    await using scratch = new Scratch();
    await using host = await NetNamespace.create("server");
    await using relay = await NetNamespace.create("relay");
    await using client = await NetNamespace.create("client");
    await NetNamespace.link(
      { ns: host, dev: "up0", address: "192.0.2.1/24" },
      { ns: relay, dev: "up1", address: "192.0.2.2/24" },
    );
    await NetNamespace.link(
      { ns: relay, dev: "down0", address: "198.51.100.1/24" },
      { ns: client, dev: "mmclient0", mac: LEASE.mac },
    );
    await run("sysctl", ["-w", "net.ipv4.ip_forward=1"], { netns: relay.name });
    await host.ip("route", "add", "198.51.100.0/24", "via", "192.0.2.2");
    await using witness = await Witness.watch(host, "up0", scratch);
    await using server = await startServer(host, { mode: RELAY_MODE, leases: [BEHIND] });
    const relayArgs = ["-4", "-d", "-a", "-iu", "up1", "-id", "down0", "192.0.2.1"];
    await using dhcrelay = new Peer("dhcrelay", relayArgs, { netns: relay.name });
    await dhcrelay.waitFor(/Sending on +LPF\/down0/);

    const args = ["-i", "mmclient0", "-f", "-R", "-t", "5", "-T", "2", "-s", scratch.script()];
    await using udhcpc = new Peer("udhcpc", args, { netns: client.name });
    await udhcpc.waitFor(/configured 198\.51\.100\.50/);
    await server.waitFor(/request=REQUEST reply=ACK to=198\.51\.100\.1 .*reason=selecting/);

    Deno.kill(udhcpc.pid, "SIGUSR1");
    await server.waitFor(/request=REQUEST reply=ACK to=198\.51\.100\.50 .*reason="renewing or rebinding"/);
    await udhcpc.waitFor(/obtained[^]*lease of 198\.51\.100\.50 obtained/);
    const seen = await witness.report(3);
    assert.match(seen[1]!, /^2 192\.0\.2\.1 198\.51\.100\.1 53,1,3,6,54,51,66,67,61,82,/);
  },
);

peerTest(
  "perfdhcp as a relay gets an answer to each of its messages",
  { programs: [...WITNESSES, "perfdhcp"], root: true },
  async () => {
    await using scratch = new Scratch();
    await using host = await NetNamespace.create("server");
    await using relay = await NetNamespace.create("relay");
    await NetNamespace.link(
      { ns: host, dev: "up0", address: "192.0.2.1/24" },
      { ns: relay, dev: "up1", address: "192.0.2.2/24" },
    );
    await using witness = await Witness.watch(host, "up0", scratch);
    const first = { ...LEASE, mac: "00:0c:01:02:03:04", ipv4: "192.0.2.100" };
    await using _server = await startServer(host, { mode: RELAY_MODE, leases: [first], more: 99 });
    const args = ["-4", "-l", "192.0.2.2", "-r", "100", "-R", "100", "-n", "200", "-W", "2000000", "192.0.2.1"];
    const report = await run("perfdhcp", args, { netns: relay.name });
    const counts = [...report.matchAll(/(sent|received) packets: (\d+)/g)].map(([, , count]) => Number(count));
    assert.equal(counts.length, 4, report);
    const [discovers, offers, requests, acks] = counts;
    assert.ok(discovers! >= 200 && offers === discovers && requests === offers && acks === requests, report);
    await witness.report(400);
  },
);
