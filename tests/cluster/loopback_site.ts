/** A site on loopback: registry, API server and `metalman serve-pxe` from the checkout; machines are addresses in 127/8. */
import { parseIpv4, parseMac } from "../../base/address.ts";
import { type DhcpMessage, encodePacket, OP, parsePacket } from "../../pxe/dhcp/packet.ts";
import { type ApiServerOptions, type KubeObject, startApiServer, type TestApiServer } from "../peers/apiserver.ts";
import { freePort, Peer, run } from "../peers/peer.ts";
import { pushFolder, REGISTRY_PROGRAMS, startRegistry, type TestRegistry } from "../peers/registry.ts";

/** What a test with such a site needs installed. */
export const SITE_NEEDS = { programs: ["kube-apiserver", "curl", ...REGISTRY_PROGRAMS], root: true } as const;

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
/** Where the relay listens for answers. */
const RELAY = "127.9.9.9";

/** Ports of one metalman. */
interface Ports {
  readonly http: number;
  readonly health: number;
  readonly tftp: number;
  readonly dhcp: number;
}

/** A Machine object with one lease. */
export function machine(
  name: string,
  image: string,
  mac: string,
  ipv4: string,
  more: Record<string, unknown> = {},
): KubeObject {
  const lease = { mac, ipv4, subnetMask: "255.0.0.0", gateway: "127.0.0.1" };
  return {
    apiVersion: "unbounded-cloud.io/v1alpha3",
    kind: "Machine",
    metadata: { name },
    spec: { pxe: { image, dhcpLeases: [lease], ...more } },
  };
}

/** A running site; everything ends when it is disposed. */
export class LoopbackSite implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #relay: Deno.DatagramConn;
  /** Its API, with fixtures. */
  readonly api: TestApiServer;
  /** Its registry. */
  readonly registry: TestRegistry;
  /** For whatever a test leaves. */
  readonly folder: string;
  /** Of the metalman that runs now. */
  readonly ports: Ports = { http: freePort(), health: freePort(), tftp: freePort(), dhcp: freePort() };

  private constructor(
    stack: AsyncDisposableStack,
    parts: { api: TestApiServer; registry: TestRegistry; folder: string },
  ) {
    this.#stack = stack;
    this.api = parts.api;
    this.registry = parts.registry;
    this.folder = parts.folder;
    this.#relay = Deno.listenDatagram({ transport: "udp", hostname: RELAY, port: 67 });
    stack.defer(() => this.#relay.close());
  }

  /** Starts API and registry. */
  static async create(options: ApiServerOptions = {}): Promise<LoopbackSite> {
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "metalman-site-" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const api = stack.use(await startApiServer(options));
    const registry = stack.use(await startRegistry());
    await api.createFixtures();
    return new LoopbackSite(stack.move(), { api, registry, folder });
  }

  /** Pushes an image of these files. */
  async push(reference: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
    const folder = await Deno.makeTempDir({ dir: this.folder });
    for (const [path, content] of Object.entries(files)) {
      await Deno.mkdir(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeFile(
        `${folder}/${path}`,
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
    }
    const full = `${this.registry.host}/${reference}`;
    await pushFolder(folder, full);
    return full;
  }

  /** Starts metalman with the rights of its ServiceAccount. */
  async start(...flags: string[]): Promise<Peer> {
    const { http, health, tftp, dhcp } = this.ports;
    const args = [
      ...["run", "-A", MAIN, "serve-pxe"],
      ...["--bind-address=127.0.0.1", `--http-port=${http}`, `--health-port=${health}`],
      ...[`--tftp-port=${tftp}`, `--dhcp-port=${dhcp}`, `--cache-dir=${this.folder}/cache`],
      `--kubeconfig=${await this.api.serviceAccountKubeconfig()}`,
      ...flags,
    ];
    return this.#stack.use(new Peer(Deno.execPath(), args));
  }

  /** Sends a DHCP message of `mac` as a relay does; the answer to it. */
  async dhcp(
    mac: string,
    message: { readonly options: ReadonlyMap<number, Uint8Array>; readonly ciaddr?: number },
  ): Promise<DhcpMessage> {
    const chaddr = new Uint8Array(16);
    chaddr.set(parseMac(mac).split(":").map((part) => parseInt(part, 16)));
    const xid = crypto.getRandomValues(new Uint32Array(1))[0]!;
    const plain = { op: OP.request, htype: 1, hlen: 6, hops: 1, secs: 0, flags: 0, ciaddr: 0, yiaddr: 0, siaddr: 0 };
    const packet = {
      ...plain,
      ...message,
      xid,
      giaddr: parseIpv4(RELAY),
      chaddr,
      sname: new Uint8Array(64),
      file: new Uint8Array(128),
    };
    const bytes = encodePacket(packet as DhcpMessage, 576, new Uint8Array(1500)).slice();
    await this.#relay.send(bytes, { transport: "udp", hostname: "127.0.0.1", port: this.ports.dhcp });
    for (;;) {
      const [answer] = await this.#relay.receive();
      const parsed = parsePacket(answer.slice());
      if (parsed.xid === xid) return parsed;
    }
  }

  /** An HTTP request from a machine's address; status and body. */
  async http(from: string, path: string, ...curl: string[]): Promise<{ status: number; body: string }> {
    const url = `http://127.0.0.1:${this.ports.http}/${path}`;
    const output = await run("curl", ["-s", "--interface", from, "-w", "\n%{http_code}", ...curl, url]);
    const end = output.lastIndexOf("\n");
    return { status: Number(output.slice(end + 1)), body: output.slice(0, end) };
  }

  /** A file over TFTP, from a machine's address. */
  tftp(from: string, path: string): Promise<string> {
    return run("curl", ["-s", "--interface", from, `tftp://127.0.0.1:${this.ports.tftp}/${path}`]);
  }

  /** A Machine's status. */
  async status(name: string): Promise<KubeObject["status"]> {
    return (await this.api.request("GET", `/apis/unbounded-cloud.io/v1alpha3/machines/${name}`)).status ?? {};
  }

  /** Ends metalman, registry and API server, in this order. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Asks until the answer is right; what other processes do next can only be looked at. @throws with the last answer after 30 s */
export async function until<T>(look: () => Promise<T>, right: (answer: T) => boolean): Promise<T> {
  for (let tries = 0;; tries++) {
    const answer = await look();
    if (right(answer)) return answer;
    if (tries === 600) throw new Error(`after 30 s it is still ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
