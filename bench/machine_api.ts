/** A Kubernetes API with Machines in it, asked as the administrator. */
import { machineAddress, machineMac, OURS } from "./wire.ts";

/** Path of the Machines. */
export const MACHINES = "/apis/unbounded-cloud.io/v1alpha3/machines";
const AT_ONCE = 16;

/** A Machine as a site would write it; `index` gives it its addresses. */
function machine(site: string, index: number, image: string): unknown {
  return {
    apiVersion: "unbounded-cloud.io/v1alpha3",
    kind: "Machine",
    metadata: { name: machineName(site, index), labels: { "unbounded-cloud.io/site": site } },
    spec: {
      ssh: { host: machineAddress(index), privateKeyRef: { name: "ssh", namespace: "unbounded-kube" } },
      pxe: {
        image,
        dhcpLeases: [{
          mac: machineMac(index),
          ipv4: machineAddress(index),
          subnetMask: "255.255.0.0",
          gateway: OURS,
          dns: ["10.96.0.10", "1.1.1.1"],
        }],
      },
      kubernetes: {
        version: "v1.34.2",
        nodeLabels: { rack: `r${index % 40}`, "topology.kubernetes.io/zone": "lab-1" },
        registerWithTaints: ["dedicated=infra:NoSchedule"],
        bootstrapTokenRef: { name: "bootstrap-token" },
      },
      operations: { rebootCounter: 1, repaveCounter: 1 },
    },
  };
}

/** Name of the Machine. */
function machineName(site: string, index: number): string {
  return `${site}-${String(index).padStart(5, "0")}`;
}

/** The Machine in each line of a watch. */
async function* machines(body: ReadableStream<Uint8Array>): AsyncGenerator<SeenMachine> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line).object as SeenMachine;
  }
}

/** A Machine as a watch tells it. */
export interface SeenMachine {
  /** Only what is looked at. */
  readonly metadata: { readonly name: string };
  /** Only what is looked at. */
  readonly status?: {
    /** What was pinned. */
    readonly redfish?: { readonly certFingerprint?: string };
    /** What was done. */
    readonly operations?: { readonly rebootCounter?: number };
  };
}

/** How an API is reached. */
export interface ApiAccess {
  /** Without a slash at its end. */
  readonly url: string;
  /** Of the administrator. */
  readonly token: string;
  /** Certificate of the authority, as PEM. */
  readonly ca: string;
}

/** Of a request. */
interface AskOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Which refusals are fine too. @default none */
  readonly accept?: readonly number[];
  /** In which form the answer is wanted. @default "application/json" */
  readonly as?: string;
}

/** The API. Each set of Machines has a site of its own, so that sets do not meet. */
export class MachineApi implements Disposable {
  readonly #access: ApiAccess;
  readonly #client: Deno.HttpClient;

  /** Asks nothing yet. */
  constructor(access: ApiAccess) {
    this.#access = access;
    this.#client = Deno.createHttpClient({ caCerts: [access.ca], http2: false });
  }

  /** Sends a request as the administrator. @throws when it is refused */
  async request(
    method: string,
    path: string,
    { body, signal, accept = [], as = "application/json" }: AskOptions = {},
  ): Promise<Response> {
    const response = await fetch(this.#access.url + path, {
      client: this.#client,
      method,
      headers: {
        accept: as,
        authorization: `Bearer ${this.#access.token}`,
        "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.ok && !accept.includes(response.status)) {
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    }
    return response;
  }

  /** Creates one Machine; done when the API has said so. */
  async create(site: string, index: number, image: string): Promise<void> {
    const response = await this.request("POST", MACHINES, { body: machine(site, index, image) });
    await response.body?.cancel();
  }

  /** Creates the Machines `from` up to, not including, `to`. */
  async createMany(site: string, from: number, to: number, image: string): Promise<void> {
    let next = from;
    const worker = async () => {
      while (next < to) await this.create(site, next++, image);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  /** Removes one Machine; it need not exist. */
  async remove(site: string, index: number): Promise<void> {
    const path = `${MACHINES}/${machineName(site, index)}`;
    const response = await this.request("DELETE", path, { accept: [404] });
    await response.body?.cancel();
  }

  /** Removes all Machines of a site. */
  async clear(site: string): Promise<void> {
    const response = await this.request("DELETE", `${MACHINES}?labelSelector=unbounded-cloud.io/site=${site}`);
    await response.body?.cancel();
  }

  /**
   * Watches a site as metalman does.
   * @returns when the watch is open: the Machine of each event that arrives from now on
   */
  async watch(site: string, signal: AbortSignal): Promise<AsyncGenerator<SeenMachine>> {
    const selector = `labelSelector=unbounded-cloud.io/site=${site}`;
    const list = await (await this.request("GET", `${MACHINES}?${selector}&limit=1`)).json();
    const query = `${selector}&watch=true&resourceVersion=${list.metadata.resourceVersion}`;
    const response = await this.request("GET", `${MACHINES}?${query}`, { signal });
    return machines(response.body!);
  }

  /** Closes its connections. */
  [Symbol.dispose](): void {
    this.#client.close();
  }
}
