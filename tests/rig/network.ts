/** The wire between metalman and a virtual machine: a bridge and a tap in a namespace that reaches nothing else. */
import { NetNamespace } from "../peers/netns.ts";
import { Peer, run } from "../peers/peer.ts";

/** What the network and its captures need installed. */
export const NETWORK_PROGRAMS: readonly string[] = ["ip", "tcpdump", "tshark"];

/** metalman's own address; the unified kernel image of boot_files.sh has it on its command line. */
export const RIG_SERVER = "10.77.0.1";
/** Mask of the network. */
export const RIG_MASK = "255.255.255.0";
/** What {@link RigNetwork.bridge} is called: metalman's --dhcp-interface. */
export const RIG_BRIDGE = "br0";
/** The machine's end of its cable. */
export const RIG_TAP = "tap0";

/** The namespace with its bridge; deleted when disposed. */
export class RigNetwork implements AsyncDisposable {
  readonly #namespace: NetNamespace;

  private constructor(namespace: NetNamespace) {
    this.#namespace = namespace;
  }

  /** Makes the namespace, the bridge with {@link RIG_SERVER}, and one tap on it. */
  static async create(): Promise<RigNetwork> {
    const network = new RigNetwork(await NetNamespace.create("rig"));
    try {
      await network.#lay();
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
    return network;
  }

  async #lay(): Promise<void> {
    const ns = this.#namespace;
    await ns.ip("link", "add", RIG_BRIDGE, "type", "bridge", "stp_state", "0", "forward_delay", "0");
    await ns.ip("addr", "add", `${RIG_SERVER}/24`, "dev", RIG_BRIDGE);
    await ns.ip("link", "set", RIG_BRIDGE, "up");
    await ns.ip("tuntap", "add", "dev", RIG_TAP, "mode", "tap");
    await ns.ip("link", "set", RIG_TAP, "master", RIG_BRIDGE);
    await ns.ip("link", "set", RIG_TAP, "up");
  }

  /** The namespace's name. */
  get netns(): string {
    return this.#namespace.name;
  }

  /** Writes every packet of the bridge to a file until it is disposed. */
  async capture(file: string): Promise<AsyncDisposable> {
    const args = ["-i", RIG_BRIDGE, "--immediate-mode", "-U", "-Z", "root", "-s", "0", "-w", file];
    const tcpdump = new Peer("tcpdump", args, { netns: this.netns });
    await tcpdump.waitFor(/listening on/);
    return { [Symbol.asyncDispose]: async () => void await tcpdump.stop("SIGINT") };
  }

  /** Removes the namespace; whatever still runs in it is the caller's. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#namespace[Symbol.asyncDispose]();
  }
}

/** What tshark makes of the packets that one host sent. */
export interface Dissection {
  /** Packets by protocol (`dhcp`, `tftp`, `http`). */
  readonly packets: Readonly<Record<string, number>>;
  /** Number, protocols and summary of each packet that it calls malformed. */
  readonly malformed: readonly string[];
}

/** Dissects a capture: DHCP, TFTP and HTTP (TCP port 8880) from `source`. */
export async function dissect(file: string, source: string): Promise<Dissection> {
  const fields = ["frame.number", "frame.protocols", "_ws.malformed", "_ws.col.Info"].flatMap((name) => ["-e", name]);
  const filter = `ip.src == ${source} && (dhcp || tftp || http)`;
  const output = await run("tshark", [
    ...["-n", "-r", file, "-d", "tcp.port==8880,http", "-Y", filter],
    ...["-T", "fields", "-E", "separator=/t", ...fields],
  ]);
  const packets: Record<string, number> = { dhcp: 0, tftp: 0, http: 0 };
  const malformed: string[] = [];
  for (const line of output.split("\n")) {
    const [number, protocols = "", broken, info] = line.split("\t");
    if (!/^\d+$/.test(number!)) continue;
    for (const name of protocols.split(":")) if (name in packets) packets[name]! += 1;
    if (broken) malformed.push(`${number} ${protocols} ${info}`);
  }
  return { packets, malformed };
}
