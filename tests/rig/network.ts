/** The wire between metalman and a virtual machine: a bridge and a tap in a namespace that reaches nothing else. */
import { NetNamespace } from "../peers/netns.ts";
import { Wire } from "../../dev/vm/network_host.ts";
import { Peer, run, which } from "../peers/peer.ts";

/** What the network and its captures need installed. */
export const NETWORK_PROGRAMS: readonly string[] = ["ip", "tcpdump", "tshark"];

/** metalman's own address; the unified kernel image of boot_image.ts has it on its command line. */
export const RIG_SERVER = "10.77.0.1";
/** Mask of the network. */
export const RIG_MASK = "255.255.255.0";
/** What {@link RigNetwork.bridge} is called: metalman's --dhcp-interface. */
export const RIG_BRIDGE = "br0";

/** Starts a program in a namespace: what goes before its own command. */
export function enter(netns: string): string[] {
  return [which("ip") ?? "ip", "netns", "exec", netns];
}

/** The namespace with its bridge; deleted when disposed. */
export class RigNetwork implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #namespace: NetNamespace;
  /** The machine's end of its cable. */
  readonly tap: string;

  private constructor(stack: AsyncDisposableStack, namespace: NetNamespace, tap: string) {
    this.#stack = stack;
    this.#namespace = namespace;
    this.tap = tap;
  }

  /** Makes the namespace, the bridge with {@link RIG_SERVER}, and one tap on it. */
  static async create(): Promise<RigNetwork> {
    await using stack = new AsyncDisposableStack();
    const namespace = stack.use(await NetNamespace.create("rig"));
    const address = `${RIG_SERVER}/24`;
    const wire = stack.use(
      await Wire.create({ bridge: RIG_BRIDGE, address, ip: which("ip")!, enter: enter(namespace.name) }),
    );
    const tap = wire.nextTap();
    await wire.addTap(tap);
    return new RigNetwork(stack.move(), namespace, tap);
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
    await this.#stack.disposeAsync();
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
