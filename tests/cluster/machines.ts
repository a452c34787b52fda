/** What the tests against a real API server share. */
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { ObjectCache, withoutManagedFields } from "../../k8s/cache.ts";
import { KubeClient } from "../../k8s/client.ts";
import { systemHost } from "../../k8s/host.ts";
import { locateAccess } from "../../k8s/locate.ts";
import type { StatusObject } from "../../k8s/status.ts";
import { watchCollection } from "../../k8s/watch.ts";

/** Where Machines are. */
export const MACHINES = { group: "unbounded-cloud.io", version: "v1alpha3", plural: "machines" };

/** A Machine as the README shows it. */
export function machineNamed(name: string, labels: Record<string, string> = {}): StatusObject {
  return {
    apiVersion: "unbounded-cloud.io/v1alpha3",
    kind: "Machine",
    metadata: { name, labels },
    spec: {
      pxe: {
        image: "ghcr.io/azure/images/host-ubuntu2404:v1",
        dhcpLeases: [{
          mac: "aa:bb:cc:dd:ee:01",
          ipv4: "10.0.0.11",
          subnetMask: "255.255.255.0",
          gateway: "10.0.0.1",
          dns: ["10.0.0.1"],
        }],
      },
    },
  } as StatusObject;
}

/** A client for a kubeconfig. */
export async function clientFor(kubeconfig: string): Promise<KubeClient> {
  return new KubeClient(await locateAccess(systemHost, { kubeconfig }));
}

/** A cache that follows the Machines of a server. */
export class MachineMirror implements AsyncDisposable {
  /** What it said. */
  readonly log = new MemoryLogger();
  /** What it holds. */
  readonly cache = new ObjectCache<StatusObject>({ transform: withoutManagedFields, log: this.log });
  readonly #stop = new AbortController();
  readonly #end: Promise<void>;

  /** Begins at once. */
  constructor(client: KubeClient, labelSelector = "") {
    this.#end = this.cache.follow(watchCollection({
      client,
      resource: MACHINES,
      selection: labelSelector === "" ? {} : { labelSelector },
      log: this.log,
      clock: systemClock,
      random: Math.random,
      signal: this.#stop.signal,
    }));
  }

  /** Resolves when the Machine is as wanted; undefined stands for one that is not there. */
  async sees(key: string, wanted: (machine: StatusObject | undefined) => boolean): Promise<void> {
    if (wanted(this.cache.get(key))) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = this.cache.onChange(() => wanted(this.cache.get(key)) && resolve());
    await promise;
    end();
  }

  /** Messages of its log. */
  messages(): string[] {
    return this.log.lines.filter(({ level }) => level !== "debug").map(({ message }) => message);
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#end;
  }
}
