/** Joins what there is to count to the metrics of the table. */
import type { BmcCallsOptions } from "../../../controllers/bmc_calls.ts";
import type { BmcState } from "../../../controllers/bmc_memory.ts";
import type { ApiObserver } from "../../../k8s/api_observer.ts";
import type { QueueObserver } from "../../../k8s/queue.ts";
import type { WatchParameters } from "../../../k8s/watch.ts";
import type { Machine } from "../../../machine/types.ts";
import type { DhcpObserver } from "../../../pxe/dhcp/server.ts";
import type { HttpCounts } from "../../../pxe/http/counts.ts";
import type { TftpObserver } from "../../../pxe/tftp/observer.ts";
import type { PullObserver } from "../../../registry/puller.ts";
import type { Metrics } from "./metrics.ts";
import { CALL_WORDS, QUEUES, STATE_WORDS } from "./table.ts";

/** Of DHCP. */
export function dhcpObserver(metrics: Metrics): DhcpObserver {
  const messages = metrics.counter("metalman_dhcp_messages_total");
  const decisions = metrics.counter("metalman_dhcp_decisions_total");
  const durations = metrics.histogram("metalman_dhcp_answer_duration_seconds");
  return (type, outcome, cause, ms) => {
    messages.add(1, type);
    decisions.add(1, outcome, cause);
    if (outcome === "OFFER" || outcome === "ACK" || outcome === "NAK") durations.observe(ms / 1000);
  };
}

/** Of TFTP. */
export function tftpObserver(metrics: Metrics): TftpObserver {
  const requests = metrics.counter("metalman_tftp_requests_total");
  const transfers = metrics.counter("metalman_tftp_transfers_total");
  const sent = metrics.counter("metalman_tftp_sent_bytes_total");
  const resent = metrics.counter("metalman_tftp_resent_blocks_total");
  const durations = metrics.histogram("metalman_tftp_transfer_duration_seconds");
  let running = 0;
  metrics.show("metalman_tftp_transfers_in_progress", () => running);
  return {
    refused: (why) => requests.add(1, why),
    started() {
      running++;
      requests.add(1, "transfer");
    },
    ended(how, { bytes, ms, resentBlocks }) {
      running--;
      transfers.add(1, how);
      sent.add(bytes);
      resent.add(resentBlocks);
      if (how === "done") durations.observe(ms / 1000);
    },
  };
}

/** Of HTTP, whose threads count by themselves. */
export function showHttp(metrics: Metrics, counts: HttpCounts): void {
  metrics.show("metalman_http_requests_total", () => counts.requests());
  metrics.show("metalman_http_cut_answers_total", () => counts.cut());
  metrics.show("metalman_http_sent_bytes_total", () => counts.bytes());
  metrics.showTimes("metalman_http_request_duration_seconds", () => counts.times());
  metrics.show("metalman_http_connections", () => counts.connections);
}

/** Of Machines. */
export function showMachines(
  metrics: Metrics,
  machines: { readonly size: number; all(): Iterable<Machine> },
  reports: { readonly waiting: number },
): void {
  metrics.show("metalman_machines", () => machines.size);
  metrics.show("metalman_dhcp_leases", () => {
    let leases = 0;
    for (const machine of machines.all()) leases += machine.leases.length;
    return leases;
  });
  metrics.show("metalman_machine_reports_waiting", () => reports.waiting);
}

/** Of the cache. */
export function showImages(metrics: Metrics, store: { images(): Iterable<{ readonly bytes: number }> }): void {
  metrics.show("metalman_cached_images", () => [...store.images()].length);
  metrics.show("metalman_cached_images_bytes", () => [...store.images()].reduce((sum, { bytes }) => sum + bytes, 0));
}

/** Of requests to the API. */
export function apiObserver(metrics: Metrics): ApiObserver {
  const requests = metrics.counter("metalman_api_requests_total");
  const durations = metrics.histogram("metalman_api_request_duration_seconds");
  return (verb, code, ms) => {
    requests.add(1, verb, code);
    durations.observe(ms / 1000, verb);
  };
}

/** Of each queue. */
export type QueueObservers = Readonly<Record<typeof QUEUES[number], QueueObserver>>;

/** Of queues. */
export function queueObservers(metrics: Metrics): QueueObservers {
  const adds = metrics.counter("metalman_queue_adds_total");
  const retries = metrics.counter("metalman_queue_retries_total");
  const waits = metrics.histogram("metalman_queue_wait_duration_seconds");
  const works = metrics.histogram("metalman_queue_work_duration_seconds");
  const waiting = new Map<string, number>(QUEUES.map((queue) => [queue, 0]));
  metrics.show("metalman_queue_depth", () => [...waiting].map(([queue, value]) => ({ labels: [queue], value })));
  const observer = (queue: string): QueueObserver => ({
    added() {
      adds.add(1, queue);
      waiting.set(queue, waiting.get(queue)! + 1);
    },
    began(waitedMs) {
      waits.observe(waitedMs / 1000, queue);
      waiting.set(queue, waiting.get(queue)! - 1);
    },
    ended: (workedMs) => works.observe(workedMs / 1000, queue),
    retried: () => retries.add(1, queue),
  });
  return Object.fromEntries(QUEUES.map((queue) => [queue, observer(queue)])) as unknown as QueueObservers;
}

/** Of the watches of each collection. */
export interface WatchObservers {
  readonly machines: NonNullable<WatchParameters["observe"]>;
  readonly configmaps: NonNullable<WatchParameters["observe"]>;
}

/** Of watches. */
export function watchObservers(metrics: Metrics): WatchObservers {
  const restarts = metrics.counter("metalman_watch_restarts_total");
  return {
    machines: (reason) => restarts.add(1, "machines", reason),
    configmaps: (reason) => restarts.add(1, "configmaps", reason),
  };
}

/** Of pulls. */
export function pullObserver(metrics: Metrics): PullObserver {
  const lookups = metrics.counter("metalman_image_lookups_total");
  const pulls = metrics.counter("metalman_image_pulls_total");
  const pulledBytes = metrics.counter("metalman_image_pulled_bytes_total");
  const durations = metrics.histogram("metalman_image_pull_duration_seconds");
  return {
    ensured: (result) => lookups.add(1, result),
    pulled(result, bytes, ms) {
      pulls.add(1, result);
      if (result !== "ok") return;
      pulledBytes.add(bytes);
      durations.observe(ms / 1000);
    },
  };
}

/** Of calls to BMCs. */
export function bmcObserver(metrics: Metrics): NonNullable<BmcCallsOptions["observe"]> {
  const calls = metrics.counter("metalman_bmc_calls_total");
  const durations = metrics.histogram("metalman_bmc_call_duration_seconds");
  const mismatches = metrics.counter("metalman_bmc_pin_mismatches_total");
  return (call, result, ms) => {
    calls.add(1, call, CALL_WORDS[result]);
    durations.observe(ms / 1000, call);
    if (result === "certificate") mismatches.add(1);
  };
}

/** Of how BMCs stand. */
export function showBmcs(metrics: Metrics, states: () => Iterable<BmcState>): void {
  metrics.show("metalman_bmcs", () => {
    const counts = new Map<BmcState, number>();
    for (const state of states()) counts.set(state, (counts.get(state) ?? 0) + 1);
    return Object.entries(STATE_WORDS).map(([state, label]) => {
      return { labels: [label], value: counts.get(state as BmcState) ?? 0 };
    });
  });
}
