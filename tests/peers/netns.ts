/** Network namespaces as test hosts: nothing in them reaches the outside. */
import { run } from "./peer.ts";

/** A namespace; deleted when disposed, with its interfaces. */
export class NetNamespace implements AsyncDisposable {
  /** Its name, as `ip netns` knows it. */
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** Makes a namespace of its own whose name starts with `label`, loopback up. */
  static async create(label: string): Promise<NetNamespace> {
    const ns = new NetNamespace(`mm-${label}-${crypto.randomUUID().slice(0, 6)}`);
    await run("ip", ["netns", "add", ns.name]);
    await ns.ip("link", "set", "lo", "up");
    return ns;
  }

  /** `ip -n NAME ...`. */
  async ip(...args: string[]): Promise<void> {
    await run("ip", ["-n", this.name, ...args]);
  }

  /** Joins two namespaces by a veth pair, each end with an address (`10.0.0.1/24`) or none. */
  static async link(
    a: { ns: NetNamespace; dev: string; address?: string; mac?: string },
    b: { ns: NetNamespace; dev: string; address?: string; mac?: string },
  ): Promise<void> {
    await run("ip", [
      "link",
      "add",
      a.dev,
      "netns",
      a.ns.name,
      "type",
      "veth",
      "peer",
      "name",
      b.dev,
      "netns",
      b.ns.name,
    ]);
    for (const end of [a, b]) {
      if (end.mac) await end.ns.ip("link", "set", end.dev, "address", end.mac);
      if (end.address) await end.ns.ip("addr", "add", end.address, "dev", end.dev);
      await end.ns.ip("link", "set", end.dev, "up");
    }
  }

  /** Removes the namespace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await run("ip", ["netns", "del", this.name]);
  }
}
