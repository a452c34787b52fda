import assert from "node:assert/strict";
import { LEASE, Scratch, startServer, Witness } from "./dhcp_network.ts";
import type { DhcpTestSettings } from "./dhcp_server.ts";
import { NetNamespace } from "./netns.ts";
import { Peer, peerTest, run } from "./peer.ts";

const SETTINGS: DhcpTestSettings = { mode: { kind: "interface", address: "192.0.2.1" }, leases: [LEASE] };
const WITNESSES = ["ip", "tcpdump", "tshark"];
const needs = (...programs: string[]) => ({ programs: [...WITNESSES, ...programs], root: true });
/** Name of the client's interface: dhcpcd keeps a file by it on this host. */
const DEVICE = "mmclient0";

/** A server and a client on one link. */
class Link implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly scratch: Scratch;
  readonly host: NetNamespace;
  readonly client: NetNamespace;
  readonly witness: Witness;
  server: Peer;

  private constructor(
    stack: AsyncDisposableStack,
    parts: Pick<Link, "scratch" | "host" | "client" | "witness" | "server">,
  ) {
    this.#stack = stack;
    this.scratch = parts.scratch;
    this.host = parts.host;
    this.client = parts.client;
    this.witness = parts.witness;
    this.server = parts.server;
  }

  static async open(): Promise<Link> {
    await using stack = new AsyncDisposableStack();
    const scratch = stack.use(new Scratch());
    const host = stack.use(await NetNamespace.create("server"));
    const client = stack.use(await NetNamespace.create("client"));
    await NetNamespace.link(
      { ns: host, dev: "up0", address: "192.0.2.1/24" },
      { ns: client, dev: DEVICE, mac: LEASE.mac },
    );
    // The host's default route leads elsewhere: answers must not take it.
    await NetNamespace.link({ ns: host, dev: "other0", address: "203.0.113.1/24" }, { ns: client, dev: "other1" });
    await host.ip("route", "add", "default", "via", "203.0.113.254");
    const witness = stack.use(await Witness.watch(host, "up0", scratch));
    const server = stack.use(await startServer(host, SETTINGS));
    return new Link(stack.move(), { scratch, host, client, witness, server });
  }

  /** A client program on the link. */
  start(program: string, ...args: string[]): Peer {
    return this.#stack.use(new Peer(program, args, { netns: this.client.name }));
  }

  /** The server, with other Machines than before. */
  async restartServer(settings: DhcpTestSettings): Promise<void> {
    await this.server.stop();
    this.server = this.#stack.use(await startServer(this.host, settings));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

const answered = (request: string, reply: string, to: string) =>
  new RegExp(`request=${request} reply=${reply} to=${to} `);

peerTest(
  "udhcpc leases, renews by unicast, is refused when its lease was edited, and releases",
  needs("udhcpc"),
  async () => {
    await using link = await Link.open();
    const udhcpc = link.start("udhcpc", "-i", DEVICE, "-f", "-R", "-t", "5", "-T", "2", "-s", link.scratch.script());
    await udhcpc.waitFor(/configured 192\.0\.2\.50/);
    await link.server.waitFor(answered("REQUEST", "ACK", "255.255.255.255"));

    Deno.kill(udhcpc.pid, "SIGUSR1");
    await link.server.waitFor(answered("REQUEST", "ACK", "192.0.2.50"));
    await udhcpc.waitFor(/lease of 192\.0\.2\.50 obtained[^]*lease of 192\.0\.2\.50 obtained/);

    await link.restartServer({ ...SETTINGS, leases: [{ ...LEASE, ipv4: "192.0.2.60" }] });
    Deno.kill(udhcpc.pid, "SIGUSR1");
    await link.server.waitFor(answered("REQUEST", "NAK", "255.255.255.255"));
    await udhcpc.waitFor(/configured 192\.0\.2\.60/);

    await udhcpc.stop();
    await link.server.waitFor(/DHCP address released.* ip=192\.0\.2\.60/);
    const seen = await link.witness.report(6);
    assert.match(seen[1]!, /^2 192\.0\.2\.1 255\.255\.255\.255 53,1,3,6,54,51,66,67,61,/);
  },
);

peerTest("udhcpc declines an address in use, and the server says so", needs("udhcpc"), async () => {
  await using link = await Link.open();
  await link.host.ip("addr", "add", "192.0.2.50/32", "dev", "up0");
  link.start("udhcpc", "-i", DEVICE, "-f", "-a500", "-s", link.scratch.script());
  await link.server.waitFor(/WARN +DHCP address declined by the machine machine=machine-0 .*ip=192\.0\.2\.50/);
  await link.witness.report(2);
});

peerTest("dhclient leases, renews, asks again after a reboot, and releases", needs("dhclient"), async () => {
  await using link = await Link.open();
  const at = (name: string) => `${link.scratch.path}/${name}`;
  // Renewal after 2 s instead of 12 h.
  const conf = "request subnet-mask, routers, dhcp-renewal-time;\nsupersede dhcp-renewal-time 2;\n";
  await Deno.writeTextFile(at("conf"), conf);
  const files = ["-v", "-cf", at("conf"), "-lf", at("leases"), "-pf", at("pid"), "-sf", link.scratch.script()];
  const first = link.start("dhclient", "-d", ...files, DEVICE);
  await first.waitFor(/bound to 192\.0\.2\.50/);
  await link.server.waitFor(answered("REQUEST", "ACK", "192.0.2.50"));
  await first.stop("SIGKILL");

  await link.client.ip("addr", "flush", "dev", DEVICE);
  const second = link.start("dhclient", "-d", ...files, DEVICE);
  await link.server.waitFor(/reply=ACK to=255\.255\.255\.255 .*reason=init-reboot/);
  await second.waitFor(/bound to 192\.0\.2\.50/);
  await second.stop("SIGKILL");

  await run("dhclient", ["-r", ...files, DEVICE], { netns: link.client.name });
  await link.server.waitFor(/DHCP address released.* ip=192\.0\.2\.50/);
  const seen = await link.witness.report(4);
  assert.match(seen[1]!, /^2 192\.0\.2\.1 255\.255\.255\.255 53,1,3,58,54,51,6,66,67,/);
});

peerTest(
  "dhclient is refused after a reboot with an address that is not its lease's any more",
  needs("dhclient"),
  async () => {
    await using link = await Link.open();
    const at = (name: string) => `${link.scratch.path}/${name}`;
    await Deno.writeTextFile(at("conf"), "request subnet-mask;\n");
    const files = ["-v", "-d", "-cf", at("conf"), "-lf", at("leases"), "-pf", at("pid"), "-sf", link.scratch.script()];
    const first = link.start("dhclient", ...files, DEVICE);
    await first.waitFor(/bound to 192\.0\.2\.50/);
    await first.stop("SIGKILL");

    await link.restartServer({ ...SETTINGS, leases: [{ ...LEASE, ipv4: "192.0.2.60" }] });
    const second = link.start("dhclient", ...files, DEVICE);
    await second.waitFor(/DHCPNAK from 192\.0\.2\.1[^]*bound to 192\.0\.2\.60/);
    await link.witness.report(5);
  },
);

peerTest("dhcpcd leases, asks again after a reboot, and releases", needs("dhcpcd"), async () => {
  await using link = await Link.open();
  const args = ["-4", "-B", "-d", "--noipv4ll", "--noarp", "--config", "/dev/null", "--script", "/bin/true", DEVICE];
  const first = link.start("dhcpcd", "--oneshot", ...args);
  await first.waitFor(/leased 192\.0\.2\.50 for 86400 seconds[^]*renew in 43200 seconds, rebind in 75600 seconds/);
  await first.status;

  const second = link.start("dhcpcd", ...args);
  await link.server.waitFor(/reply=ACK to=255\.255\.255\.255 .*reason=init-reboot/);
  await second.waitFor(/leased 192\.0\.2\.50/);
  await run("dhcpcd", ["-4", "-k", DEVICE], { netns: link.client.name });
  await link.server.waitFor(/DHCP address released.* ip=192\.0\.2\.50/);
  await second.status;
  await link.witness.report(3);
});
