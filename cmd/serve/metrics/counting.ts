/** All that serve-pxe counts, in one place for the wiring. */
import type { AttestationOptions } from "../../../controllers/attestation.ts";
import type { BmcCallsOptions } from "../../../controllers/bmc_calls.ts";
import type { ApiObserver } from "../../../k8s/api_observer.ts";
import type { STATUS_RESULTS } from "../../../k8s/status.ts";
import type { EventReason } from "../../../machine/event_reasons.ts";
import type { DhcpObserver } from "../../../pxe/dhcp/server.ts";
import type { TftpObserver } from "../../../pxe/tftp/observer.ts";
import type { PullObserver } from "../../../registry/puller.ts";
import { Metrics } from "./metrics.ts";
import {
  apiObserver,
  bmcObserver,
  dhcpObserver,
  pullObserver,
  type QueueObservers,
  queueObservers,
  tftpObserver,
  type WatchObservers,
  watchObservers,
} from "./observers.ts";
import { watchProcess } from "./process.ts";

/** Whom the parts of serve-pxe tell what they do. */
export interface Counting extends Disposable {
  /** To show what is known only where it is asked for. */
  readonly metrics: Metrics;
  readonly api: ApiObserver;
  readonly dhcp: DhcpObserver;
  readonly tftp: TftpObserver;
  readonly queues: QueueObservers;
  readonly watches: WatchObservers;
  readonly pulls: PullObserver;
  readonly bmcCalls: NonNullable<BmcCallsOptions["observe"]>;
  readonly attested: NonNullable<AttestationOptions["observe"]>;
  readonly statusWritten: (result: typeof STATUS_RESULTS[number]) => void;
  readonly eventSaid: (reason: EventReason) => void;
  readonly templateFailed: () => void;
}

/** Counts from now on, until it is disposed. */
export function startCounting(): Counting {
  const metrics = new Metrics();
  const attestations = metrics.counter("metalman_attestations_total");
  const statusWrites = metrics.counter("metalman_status_writes_total");
  const events = metrics.counter("metalman_events_total");
  const templateFailures = metrics.counter("metalman_template_failures_total");
  const watching = watchProcess(metrics);
  return {
    metrics,
    api: apiObserver(metrics),
    dhcp: dhcpObserver(metrics),
    tftp: tftpObserver(metrics),
    queues: queueObservers(metrics),
    watches: watchObservers(metrics),
    pulls: pullObserver(metrics),
    bmcCalls: bmcObserver(metrics),
    attested: (result) => attestations.add(1, result),
    statusWritten: (result) => statusWrites.add(1, result),
    eventSaid: (reason) => events.add(1, reason),
    templateFailed: () => templateFailures.add(1),
    [Symbol.dispose]: () => watching[Symbol.dispose](),
  };
}
