/** The wire of virtual machines: a bridge with this system's address on it, and a tap for each machine. */
import { Program, runProgram } from "./program_host.ts";
import { VmUnavailableError } from "./requirements.ts";

/** How a wire is made. */
export interface WireOptions {
  /** What the bridge is called; taps have its name and a number. At most 11 characters. */
  readonly bridge: string;
  /** This system's address on it, with the bits of its mask: `10.77.0.1/24`. */
  readonly address: string;
  /** Path of ip (iproute2). */
  readonly ip: string;
  /** Command and arguments that go before ip: where the wire is. @default none */
  readonly enter?: readonly string[];
}

/** What `ip -json` says, as far as it is used. */
interface Link {
  readonly ifname: string;
  readonly ifalias?: string;
}

/** Each interface says who made it. */
const ALIAS = /^metalman process (\d+)$/;

async function ip({ ip: path, enter = [] }: Pick<WireOptions, "ip" | "enter">, ...args: string[]): Promise<string> {
  const command = [...enter, path, ...args];
  await using program = new Program(command[0]!, command.slice(1));
  return await runProgram(program, `ip ${args.join(" ")}`);
}

/** Destinations of all routes of this system. */
export async function routes(options: Pick<WireOptions, "ip" | "enter">): Promise<string[]> {
  const all: { dst: string }[] = JSON.parse(await ip(options, "-4", "-json", "route", "show", "table", "all") || "[]");
  return all.map(({ dst }) => dst);
}

/** Asked of a program: Deno looks at no /proc without --allow-all. */
async function isRunning(processId: string): Promise<boolean> {
  await using program = new Program("test", ["-d", `/proc/${processId}`]);
  return (await program.end()).success;
}

/** A wire; gone with all its taps when disposed. */
export class Wire implements AsyncDisposable {
  readonly #options: WireOptions;
  readonly #taps = new Set<string>();
  #lastTap = 0;

  private constructor(options: WireOptions) {
    this.#options = options;
  }

  /**
   * Makes it. What a killed process has left under this name is replaced.
   * @throws {VmUnavailableError} when the name is taken by something else
   */
  static async create(options: WireOptions): Promise<Wire> {
    const wire = new Wire(options);
    await wire.#clear();
    try {
      await wire.#lay();
    } catch (error) {
      await wire[Symbol.asyncDispose]();
      throw error;
    }
    return wire;
  }

  /** Removes what an ended process has left. */
  async #clear(): Promise<void> {
    const { bridge } = this.#options;
    const links: Link[] = JSON.parse(await ip(this.#options, "-json", "link", "show") || "[]");
    for (const { ifname, ifalias = "" } of links) {
      if (ifname !== bridge && !ifname.startsWith(`${bridge}-`)) continue;
      const owner = ALIAS.exec(ifalias)?.[1];
      if (owner === undefined) {
        throw new VmUnavailableError(
          `Cannot make the network interface ${ifname}: it is there, and metalman has not made it; ip link delete ${ifname}`,
        );
      }
      if (await isRunning(owner)) {
        throw new VmUnavailableError(
          `Cannot make the network interface ${ifname}: process ${owner} uses it; end that first`,
        );
      }
      await ip(this.#options, "link", "delete", ifname);
    }
  }

  async #lay(): Promise<void> {
    const { bridge, address } = this.#options;
    await ip(this.#options, "link", "add", bridge, "type", "bridge", "stp_state", "0", "forward_delay", "0");
    await this.#sign(bridge);
    await ip(this.#options, "addr", "add", address, "dev", bridge);
    await ip(this.#options, "link", "set", bridge, "up");
  }

  async #sign(name: string): Promise<void> {
    await ip(this.#options, "link", "set", "dev", name, "alias", `metalman process ${Deno.pid}`);
  }

  /** Name of the bridge: the interface to serve DHCP on. */
  get bridge(): string {
    return this.#options.bridge;
  }

  /** A name for a tap that no other has had. */
  nextTap(): string {
    return `${this.bridge}-${++this.#lastTap}`;
  }

  /** Puts a tap on the bridge. */
  async addTap(name: string): Promise<void> {
    await ip(this.#options, "tuntap", "add", "dev", name, "mode", "tap");
    this.#taps.add(name);
    await this.#sign(name);
    await ip(this.#options, "link", "set", name, "master", this.bridge);
    await ip(this.#options, "link", "set", name, "up");
  }

  /** Takes a tap away. */
  async removeTap(name: string): Promise<void> {
    if (this.#taps.delete(name)) await ip(this.#options, "link", "delete", name);
  }

  /** Removes taps and bridge. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const tap of [...this.#taps]) await this.removeTap(tap);
    await ip(this.#options, "link", "delete", this.bridge).catch(() => {});
  }
}
