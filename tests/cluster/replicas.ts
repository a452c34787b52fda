/** Several `metalman serve-pxe` beside one API server, and a machine that asks all of them to renew its lease, again and again. */
import { parseIpv4, parseMac } from "../../base/address.ts";
import { OPTION, u8Data } from "../../pxe/dhcp/options.ts";
import { type DhcpMessage, encodePacket, OP } from "../../pxe/dhcp/packet.ts";
import { MESSAGE_TYPE } from "../../pxe/dhcp/reply.ts";
import { startApiServer, type TestApiServer } from "../peers/apiserver.ts";
import { freePort, Peer } from "../peers/peer.ts";

/** What a test with replicas needs installed. */
export const REPLICA_NEEDS = { programs: ["kube-apiserver"], root: true } as const;
/** Of an image that nobody has. */
export const NO_IMAGE = "127.0.0.1:1/none:v1";
/** Where the Leases are. */
export const LEASES = "/apis/coordination.k8s.io/v1/namespaces/unbounded-kube/leases";
/** Of the Lease in these tests. */
export const LEASE_MS = 4000;
/** How long a leader lives without a renewal. */
export const RENEW_MS = 3000;
/** Between two looks. */
export const RETRY_MS = 1000;

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const SKEWED_CLOCK = new URL("./skewed_clock.ts", import.meta.url).pathname;
const SERVER = "127.0.0.1";
const CLIENT_PORT = 68;
const RENEW_EVERY_MS = 20;

/** A line of a log. */
interface Line {
  readonly time: string;
  readonly msg: string;
}

/** How a replica is started. */
export interface ReplicaOptions {
  /** How wrong its time of day is. @default 0 */
  readonly skewMs?: number;
  /** More flags. */
  readonly flags?: readonly string[];
  /** URL by which it reaches the API server. @default the server's own */
  readonly server?: string;
}

/** One process. */
export class Replica {
  /** Of its DHCP, by which its answers are known. */
  readonly port = freePort();
  /** Of its health checks. */
  readonly healthPort = freePort();
  /** Of its files. */
  readonly httpPort = freePort();
  /** The program. */
  readonly peer: Peer;
  readonly #skewMs: number;

  /** Starts it. */
  constructor(folder: string, kubeconfig: string, { skewMs = 0, flags = [] }: ReplicaOptions) {
    this.#skewMs = skewMs;
    const args = [
      ...["run", "-A", ...(skewMs === 0 ? [] : [`--preload=${SKEWED_CLOCK}`]), MAIN, "serve-pxe"],
      ...[`--bind-address=${SERVER}`, `--dhcp-port=${this.port}`, `--tftp-port=${freePort()}`],
      ...[`--http-port=${this.httpPort}`, `--health-port=${this.healthPort}`],
      ...[`--cache-dir=${folder}/cache-${this.port}`, `--kubeconfig=${kubeconfig}`, "--log-format=json"],
      `--leader-elect-lease-duration=${LEASE_MS}ms`,
      `--leader-elect-renew-deadline=${RENEW_MS}ms`,
      `--leader-elect-retry-period=${RETRY_MS}ms`,
      ...flags,
    ];
    this.peer = new Peer(Deno.execPath(), args, { env: { SKEW_MS: String(skewMs) } });
  }

  /** When it said this, by a clock that is right. */
  said(message: string): number[] {
    const lines = this.peer.output.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
    return lines.map((line) => JSON.parse(line) as Line).filter(({ msg }) => msg === message)
      .map(({ time }) => Date.parse(time) - this.#skewMs);
  }

  /** Text of `/metrics`. */
  async metrics(): Promise<string> {
    return await (await fetch(`http://${SERVER}:${this.healthPort}/metrics`)).text();
  }

  /** Status and text of `/readyz`. */
  async readyz(): Promise<string> {
    const answer = await fetch(`http://${SERVER}:${this.healthPort}/readyz`);
    return `${answer.status} ${await answer.text()}`;
  }
}

/** An answer that the machine got. */
interface Act {
  readonly port: number;
  readonly atMs: number;
}

/** An API server and replicas; everything ends when it is disposed. */
export class Replicas implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #folder: string;
  /** The API server, with fixtures. */
  readonly api: TestApiServer;
  /** All that were started. */
  readonly all: Replica[] = [];

  private constructor(stack: AsyncDisposableStack, folder: string, api: TestApiServer) {
    this.#stack = stack;
    this.#folder = folder;
    this.api = api;
  }

  /** Starts the API server. */
  static async create(): Promise<Replicas> {
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "metalman-replicas-" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const api = stack.use(await startApiServer());
    await api.createFixtures();
    return new Replicas(stack.move(), folder, api);
  }

  /** Starts another, with the rights of metalman's ServiceAccount, and waits until it serves. */
  async start(options: ReplicaOptions = {}): Promise<Replica> {
    const { server = this.api.url } = options;
    const kubeconfig = `${this.#folder}/kubeconfig-${this.all.length}`;
    const own = await Deno.readTextFile(await this.api.serviceAccountKubeconfig());
    await Deno.writeTextFile(kubeconfig, own.replaceAll(this.api.url, server), { mode: 0o600 });
    const replica = new Replica(this.#folder, kubeconfig, options);
    this.#stack.use(replica.peer);
    this.all.push(replica);
    await replica.peer.waitFor(/"msg":"ready"/);
    return replica;
  }

  /** Ends all. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** A REQUEST of a client that renews its lease (RFC 2131 section 4.3.2). */
function renewal(mac: string, ciaddr: string): Uint8Array<ArrayBuffer> {
  const chaddr = new Uint8Array(16);
  chaddr.set(parseMac(mac).split(":").map((part) => parseInt(part, 16)));
  const message: DhcpMessage = {
    ...{ op: OP.request, htype: 1, hlen: 6, hops: 0, xid: 7, secs: 0, flags: 0, yiaddr: 0, siaddr: 0, giaddr: 0 },
    ciaddr: parseIpv4(ciaddr),
    chaddr,
    sname: new Uint8Array(64),
    file: new Uint8Array(128),
    options: new Map([[OPTION.messageType, u8Data(MESSAGE_TYPE.request)]]),
  };
  return encodePacket(message, 576, new Uint8Array(1500)).slice();
}

/** A machine that asks every replica all the while; who answers acts. */
export class Witness implements AsyncDisposable {
  readonly #socket: Deno.DatagramConn;
  readonly #replicas: Replicas;
  readonly #packet: Uint8Array<ArrayBuffer>;
  readonly #running: Promise<unknown>;
  #isClosed = false;
  /** In the order in which they were sent: one socket gets them all. */
  readonly acts: Act[] = [];

  /** Begins to ask. */
  constructor(replicas: Replicas, mac: string, ip: string) {
    this.#replicas = replicas;
    this.#packet = renewal(mac, ip);
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname: ip, port: CLIENT_PORT });
    this.#running = Promise.all([this.#ask(), this.#listen()]);
  }

  async #ask(): Promise<void> {
    while (!this.#isClosed) {
      for (const { port } of this.#replicas.all) {
        await this.#socket.send(this.#packet, { transport: "udp", hostname: SERVER, port });
      }
      await new Promise((resolve) => setTimeout(resolve, RENEW_EVERY_MS));
    }
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        const [, from] = await this.#socket.receive();
        this.acts.push({ port: (from as Deno.NetAddr).port, atMs: performance.now() });
      }
    } catch (error) {
      if (!this.#isClosed) throw error;
    }
  }

  /** Those who acted, one after the other. */
  get leaders(): number[] {
    return withoutRepeats(this.acts.map(({ port }) => port));
  }

  /** Ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#socket.close();
    await this.#running.catch(() => {});
  }
}

/** Of equal neighbours the first. */
export function withoutRepeats<T>(items: readonly T[]): T[] {
  return items.filter((item, i) => i === 0 || item !== items[i - 1]);
}
