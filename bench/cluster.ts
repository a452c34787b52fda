/** The real kube-apiserver of a run, and Machines in bulk. */
import { startApiServer, type TestApiServer } from "../tests/peers/apiserver.ts";
import { machineAddress, machineMac, OURS } from "./wire.ts";

const MACHINES = "/apis/unbounded-cloud.io/v1alpha3/machines";
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

/** The API of a run. Each set of Machines has a site of its own, so that sets do not meet. */
export class Cluster implements AsyncDisposable {
  readonly #api: TestApiServer;
  readonly #client: Deno.HttpClient;
  /** Of the ServiceAccount that metalman is deployed with. */
  readonly kubeconfig: string;

  private constructor(api: TestApiServer, kubeconfig: string) {
    this.#api = api;
    this.#client = Deno.createHttpClient({ caCerts: [api.ca], http2: false });
    this.kubeconfig = kubeconfig;
  }

  /** Starts it with what a cluster has (cluster-info, kube-dns, the CRD, the rights). */
  static async start(): Promise<Cluster> {
    const api = await startApiServer();
    try {
      await api.createFixtures();
      return new Cluster(api, await api.serviceAccountKubeconfig());
    } catch (error) {
      await api[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Sends a request as the administrator. @throws when it is refused */
  async request(
    method: string,
    path: string,
    { body, signal, accept = [] }: { body?: unknown; signal?: AbortSignal; accept?: readonly number[] } = {},
  ): Promise<Response> {
    const response = await fetch(this.#api.url + path, {
      client: this.#client,
      method,
      headers: {
        authorization: `Bearer ${this.#api.token}`,
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

  /** Ends it and removes its data. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    await this.#api[Symbol.asyncDispose]();
  }
}
