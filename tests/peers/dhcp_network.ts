/** Namespaces with a DHCP server, foreign clients and a witness that writes down every packet. */
import assert from "node:assert/strict";
import type { DhcpTestSettings, TestLease } from "./dhcp_server.ts";
import type { NetNamespace } from "./netns.ts";
import { Peer, run } from "./peer.ts";

/** The lease that the tests' client has. */
export const LEASE: TestLease = {
  mac: "52:54:00:aa:bb:01",
  ipv4: "192.0.2.50",
  subnetMask: "255.255.255.0",
  gateway: "192.0.2.1",
  dns: ["192.0.2.53"],
};

/** Our server in a namespace, listening. */
export async function startServer(ns: NetNamespace, settings: DhcpTestSettings): Promise<Peer> {
  const root = new URL("../..", import.meta.url).pathname;
  const server = new Peer(
    Deno.execPath(),
    ["run", "-A", `${root}tests/peers/dhcp_server.ts`, JSON.stringify(settings)],
    { netns: ns.name, cwd: root },
  );
  await server.waitFor(/^ready$/m);
  return server;
}

/** A file that ends with the test. */
export class Scratch implements AsyncDisposable {
  /** The folder. */
  readonly path: string = Deno.makeTempDirSync({ prefix: "mm-dhcp-" });

  /**
   * A script for a client to call, as the dhclient and udhcpc packages' own would change this host's resolv.conf:
   * it sets the leased address and the default route and nothing else.
   */
  script(): string {
    const path = `${this.path}/script`;
    const text = `#!/bin/sh
address=\${new_ip_address:-$ip}; mask=\${new_subnet_mask:-$subnet}
gateway=\${new_routers:-$router}
case "$1$reason" in
  bound|renew|BOUND|RENEW|REBIND|REBOOT)
    ip addr replace "$address/$mask" dev "$interface"
    test -z "$gateway" || ip route replace default via "$gateway"
    echo "configured $address" ;;
  deconfig|nak|EXPIRE|RELEASE|PREINIT) ip addr flush dev "$interface"; ip link set "$interface" up ;;
esac
`;
    Deno.writeTextFileSync(path, text, { mode: 0o755 });
    return path;
  }

  /** Removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** tcpdump on an interface. */
export class Witness implements AsyncDisposable {
  readonly #dump: Peer;
  readonly #file: string;

  private constructor(dump: Peer, file: string) {
    this.#dump = dump;
    this.#file = file;
  }

  /** Starts to write down DHCP packets. */
  static async watch(ns: NetNamespace, device: string, scratch: Scratch): Promise<Witness> {
    const file = `${scratch.path}/${device}.pcap`;
    const filter = ["udp", "and", "(port 67 or port 68)"];
    const args = ["-Z", "root", "-n", "-l", "-U", "--immediate-mode", "--print", "-i", device, "-w", file, ...filter];
    const dump = new Peer("tcpdump", args, { netns: ns.name });
    await dump.waitFor(/listening on/);
    return new Witness(dump, file);
  }

  /**
   * What tshark makes of all packets, once `replies` replies are there. One line each: type, source, destination,
   * and our codes of options.
   */
  async report(replies: number): Promise<string[]> {
    await this.#dump.waitFor(new RegExp(`(?:BOOTP/DHCP, Reply[^]*?){${replies}}`));
    await this.#dump.stop("SIGINT");
    const verbose = await run("tshark", ["-n", "-r", this.#file, "-V"]);
    assert.doesNotMatch(verbose, /Malformed|Expert Info \((?:Error|Warning)/);
    const fields = ["dhcp.option.dhcp", "ip.src", "ip.dst", "dhcp.option.type"];
    const args = ["-n", "-r", this.#file, "-Y", "dhcp", "-T", "fields", ...fields.flatMap((field) => ["-e", field])];
    const lines = (await run("tshark", args)).split("\n").filter((line) => /^\d+\t/.test(line));
    return lines.map((line) => line.replaceAll("\t", " "));
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dump[Symbol.asyncDispose]();
  }
}
