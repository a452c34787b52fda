/** Which replica of a site acts: joins k8s/elector.ts and serve-pxe. */
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { TaskGroup } from "../../base/tasks.ts";
import type { KubeClient } from "../../k8s/client.ts";
import { Elector, type Lead } from "../../k8s/elector.ts";
import type { Counting } from "./metrics/counting.ts";
import type { ServeSettings } from "./settings.ts";

/** This instance, as one of the replicas of its site. */
export interface Leader {
  /** Whether it may act now; to be asked right before each act. */
  readonly leads: () => boolean;
  /**
   * Whether it answers DHCP on an interface: the leader does, and while the API is away whoever led last (contract
   * 11.15). A second answer of a replica that is cut off would be the same: leases are fixed.
   */
  readonly answers: () => boolean;
  /** Begins to want the lease. */
  readonly campaign: () => void;
  /** Ends the leader's work and gives the lease up. */
  readonly stop: () => Promise<void>;
}

/** What {@link createLeader} needs. */
export interface LeaderOptions {
  readonly settings: Pick<ServeSettings, "site" | "leaderElect">;
  readonly client: KubeClient;
  /** Unique among the replicas. @default the host's name and a random part */
  readonly identity?: string;
  /** What only one replica does. */
  readonly lead: Lead;
  readonly counting: Counting;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
}

const NAMESPACE = "unbounded-kube";

/** The Lease of a site (contract 4). */
function leaseName(site: string): string {
  return site === "" ? "metalman" : `metalman-${site}`;
}

/** A replica that does not want the lease yet. */
export function createLeader(options: LeaderOptions): Leader & AsyncDisposable {
  const { settings, client, lead, log, clock, random, counting } = options;
  const elector = new Elector({
    client,
    namespace: NAMESPACE,
    name: leaseName(settings.site),
    identity: options.identity ?? `${Deno.hostname()}_${crypto.randomUUID()}`,
    ...settings.leaderElect,
    log,
    clock,
    steadyNow: () => performance.now(),
    random,
  });
  counting.metrics.show("metalman_leader", () => elector.leads ? 1 : 0);
  const tasks = new TaskGroup(log);
  const stop = () => tasks[Symbol.asyncDispose]();
  return {
    leads: () => elector.leads,
    answers: () => elector.leadsOrWasLast,
    campaign: () => tasks.start("leader election", (signal) => elector.run(lead, signal)),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
