/** Somebody at a prompt, a cluster, and a metalman that moves the conditions of Machines without any hardware. */
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import type { Io } from "../../cmd/io.ts";
import { runCommand } from "../../cmd/root.ts";
import type { JsonObject } from "../../dev/apiserver/object.ts";
import { type DevApiServer, startDevApiServer } from "../../dev/apiserver/server.ts";
import type { KubeClient } from "../../k8s/client.ts";
import { ApiError } from "../../k8s/errors.ts";
import type { KubeObject } from "../../k8s/object.ts";
import { watchCollection } from "../../k8s/watch.ts";
import { withCondition } from "../../machine/conditions.ts";
import type { Condition, MachineObject, MachineStatus } from "../../machine/types.ts";
import { manifest } from "../peers/manifest.ts";
import { clientFor, MACHINES } from "./machines.ts";

/** How a command is called. */
export interface CallOptions {
  /** What is answered when it asks; undefined: there is no terminal to ask on. */
  readonly answer?: string;
  /** Its size; undefined: there is none. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** The name it is called by. */
  readonly calledAs?: string;
}

/** A command that runs in this process. */
export class Call {
  readonly #stop = new AbortController();
  readonly #waiters = new Set<() => void>();
  /** What it was asked. */
  readonly questions: string[] = [];
  /** Standard output. */
  out = "";
  /** Standard error. */
  err = "";
  /** Its exit code. */
  readonly code: Promise<number>;

  /** Starts it. */
  constructor(args: readonly string[], { answer, terminal, calledAs = "metalman" }: CallOptions = {}) {
    const io: Io = {
      stdout: (text) => this.#take(() => this.out += text),
      stderr: (text) => this.#take(() => this.err += text),
      env: () => undefined,
      terminal: () => terminal,
      ask: (question) => {
        this.questions.push(question);
        return Promise.resolve(answer);
      },
      keep: () => Promise.resolve(),
      signal: this.#stop.signal,
      calledAs,
    };
    this.code = runCommand(args, io);
  }

  #take(add: () => void): void {
    add();
    for (const wake of [...this.#waiters]) wake();
  }

  /** Resolves when both outputs together hold the pattern. */
  async waitFor(pattern: RegExp): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => pattern.test(`${this.out}\n${this.err}`) && resolve();
    this.#waiters.add(look);
    look();
    const end = this.code.then((code) => {
      throw new Error(`ended with ${code} before ${pattern}:\n${this.out}\n${this.err}`);
    });
    try {
      await Promise.race([promise, end]);
    } finally {
      this.#waiters.delete(look);
    }
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.#stop.abort();
  }
}

/** A Machine; with a BMC unless told otherwise. */
export function machine(name: string, { bmc = true, labels = {} }: {
  readonly bmc?: boolean;
  readonly labels?: Record<string, string>;
} = {}): KubeObject & MachineObject {
  const passwordRef = { name: "bmc", namespace: "default", key: "password" };
  const redfish = { url: "https://192.0.2.1", username: "admin", deviceID: "1", passwordRef };
  return {
    apiVersion: "unbounded-cloud.io/v1alpha3",
    kind: "Machine",
    metadata: { name, labels },
    spec: { pxe: { image: "registry.test/os:v1", ...(bmc ? { redfish } : {}) } },
  };
}

/** A cluster and its kubeconfig. */
export class PluginSite implements AsyncDisposable {
  readonly #folder: string;
  readonly #stack = new AsyncDisposableStack();
  /** The API. */
  api: DevApiServer;
  /** Of the administrator. */
  readonly client: KubeClient;

  private constructor(folder: string, api: DevApiServer, client: KubeClient) {
    this.#folder = folder;
    this.api = api;
    this.client = client;
  }

  /** Starts a cluster with these Machines. */
  static async with(...machines: readonly MachineObject[]): Promise<PluginSite> {
    const folder = await Deno.makeTempDir({ prefix: "plugin-" });
    const api = await start(folder);
    await Deno.writeTextFile(`${folder}/kubeconfig`, api.kubeconfig("lab"), { mode: 0o600 });
    const client = await clientFor(`${folder}/kubeconfig`);
    for (const object of machines) await client.create(MACHINES, object);
    return new PluginSite(folder, api, client);
  }

  /** Path of the kubeconfig. */
  get kubeconfig(): string {
    return `${this.#folder}/kubeconfig`;
  }

  /** Runs a command on this cluster. */
  call(line: string, options: CallOptions = {}): Call {
    return new Call([...line.split(" "), `--kubeconfig=${this.kubeconfig}`], options);
  }

  /** Runs it to its end. */
  async ends(line: string, options: CallOptions = {}): Promise<{ code: number; out: string; err: string }> {
    const call = this.call(line, options);
    return { code: await call.code, out: call.out, err: call.err };
  }

  /** A Machine as it is. */
  get(name: string): Promise<MachineObject & KubeObject> {
    return this.client.get(MACHINES, { name });
  }

  /** Ends the API server and starts it again with the same objects on the same port. */
  async outage(during: () => Promise<void>): Promise<void> {
    const { port } = this.api;
    await this.api[Symbol.asyncDispose]();
    await during();
    this.api = await start(this.#folder, port);
  }

  /** Lets Machines do what is asked of them, until the site ends. */
  power(options: PowerOptions = {}): void {
    this.#stack.use(new FakePower(this.client, options));
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
    this.client[Symbol.dispose]();
    await this.api[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

function start(folder: string, port = 0): Promise<DevApiServer> {
  const crds = manifest("deploy/crd.yaml") as unknown as JsonObject[];
  const kept = { statePath: `${folder}/objects.sqlite`, credentialsFolder: `${folder}/credentials` };
  return startDevApiServer({ crds, port, log: new MemoryLogger(), ...kept });
}

/** How machines behave. */
export interface PowerOptions {
  /** The reason of the condition at which each stays. @default none: they do all that is asked */
  readonly stopAt?: string;
  /** Whether they install themselves and boot then. @default false */
  readonly installs?: boolean;
}

/** Moves the conditions of Machines as contract 2 has them. */
class FakePower implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #end: Promise<void>;

  constructor(client: KubeClient, options: PowerOptions) {
    this.#end = this.#run(client, options);
  }

  async #run(client: KubeClient, options: PowerOptions): Promise<void> {
    const { signal } = this.#stop;
    const common = { resource: MACHINES, log: new MemoryLogger(), clock: systemClock, random: Math.random, signal };
    for await (const event of watchCollection<KubeObject & MachineObject>({ client, ...common })) {
      if (event.kind !== "put") continue;
      const status = nextStatus(event.object, options);
      if (status === undefined) continue;
      try {
        await client.replaceStatus(MACHINES, { ...event.object, status });
      } catch (error) {
        // It has changed since: that comes next.
        if (!(error instanceof ApiError) || error.status !== 409 && error.status !== 404) throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#end;
  }
}

/** The status after the one that it has; undefined: it has nothing to do. */
function nextStatus(object: MachineObject, { stopAt, installs = false }: PowerOptions): MachineStatus | undefined {
  const wanted = { rebootCounter: 0, repaveCounter: 0, ...object.spec?.operations as object | undefined };
  const done = { rebootCounter: 0, repaveCounter: 0, ...object.status?.operations };
  const find = (type: string) => object.status?.conditions?.find((condition) => condition.type === type);
  const isPending = wanted.repaveCounter > done.repaveCounter;
  if (stopAt !== undefined && object.status?.conditions?.some(({ reason }) => reason === stopAt)) return;
  const set = (type: string, status: Condition["status"], reason: string, message = "", without: string[] = []) => {
    const conditions = (object.status?.conditions ?? []).filter((condition) => !without.includes(condition.type));
    const before = { ...object, status: { ...object.status, conditions } };
    return withCondition(before, { type, status, reason, message }, Date.now())!;
  };
  const power = find("PoweredOff");
  const message = `target reboots: ${wanted.rebootCounter}`;
  if (power === undefined && wanted.rebootCounter > done.rebootCounter) {
    return set("PoweredOff", "False", "PoweringOff", message, isPending ? ["CloudInitDone"] : []);
  }
  if (power?.status === "False") return set("PoweredOff", "True", "ForceOff", message);
  if (power?.reason === "ForceOff") return set("PoweredOff", "True", "PoweringOn", message);
  if (power?.reason === "PoweringOn") {
    const status = set("Repaved", isPending ? "False" : "True", isPending ? "Pending" : "Succeeded", "", [
      "PoweredOff",
    ]);
    return { ...status, operations: { ...done, rebootCounter: wanted.rebootCounter } };
  }
  if (!installs) return;
  if (isPending && find("Repaved")?.status === "False") {
    const status = set("Repaved", "True", "Succeeded", "image=registry.test/os:v1");
    return { ...status, operations: { ...done, repaveCounter: wanted.repaveCounter } };
  }
  if (find("Repaved")?.status !== "True") return;
  const cloudInit = find("CloudInitDone");
  if (cloudInit === undefined) return set("CloudInitDone", "False", "Running", 'stage "init-local" started: x');
  if (cloudInit.status === "False") {
    return set("CloudInitDone", "True", "Succeeded", "cloud-init completed successfully");
  }
}
