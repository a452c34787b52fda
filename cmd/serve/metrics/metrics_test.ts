import { deepEqual, equal, throws } from "node:assert/strict";
import { FakeClock } from "../../../base/clock.ts";
import { WorkQueue } from "../../../k8s/queue.ts";
import { Metrics } from "./metrics.ts";
import { bmcObserver, dhcpObserver, queueObservers, showBmcs, tftpObserver } from "./observers.ts";

/** The samples of a text that match. */
function samples(metrics: Metrics, pattern: RegExp): string[] {
  return metrics.text().split("\n").filter((line) => !line.startsWith("#") && pattern.test(line));
}

Deno.test("Metrics.text() has what is joined, in the order of the table; nothing is joined twice", () => {
  const metrics = new Metrics();
  metrics.show("metalman_leader", () => 1);
  metrics.counter("metalman_template_failures_total").add(2);
  deepEqual(samples(metrics, /./).filter((line) => line !== ""), [
    "metalman_template_failures_total 2",
    "metalman_leader 1",
  ]);
  throws(() => metrics.show("metalman_leader", () => 0), /metalman_leader twice/);
});

Deno.test("dhcpObserver() measures answers only, and takes no word of a client for a label", () => {
  const metrics = new Metrics();
  const observe = dhcpObserver(metrics);
  observe("DISCOVER", "OFFER", "discover", 0.3);
  observe("", "failed", "malformed", 0.3);
  observe("unknown", "ignored", "not_a_request", 0.3);
  deepEqual(samples(metrics, /messages_total.* [1-9]|decisions|_count/), [
    'metalman_dhcp_messages_total{message="DISCOVER"} 1',
    'metalman_dhcp_messages_total{message="other"} 2',
    'metalman_dhcp_decisions_total{result="OFFER",cause="discover"} 1',
    'metalman_dhcp_decisions_total{result="ignored",cause="not_a_request"} 1',
    'metalman_dhcp_decisions_total{result="failed",cause="malformed"} 1',
    "metalman_dhcp_answer_duration_seconds_count 1",
  ]);
});

Deno.test("tftpObserver(): transfers in progress are those that have not ended, however they end", () => {
  const metrics = new Metrics();
  const observe = tftpObserver(metrics);
  observe.started();
  observe.started();
  observe.refused("busy");
  observe.ended("lost", { bytes: 5, ms: 10, resentBlocks: 3 });
  deepEqual(samples(metrics, /requests_total.* [1-9]|transfers_total.* [1-9]|progress|bytes|resent|_count/), [
    'metalman_tftp_requests_total{result="transfer"} 2',
    'metalman_tftp_requests_total{result="busy"} 1',
    'metalman_tftp_transfers_total{result="lost"} 1',
    "metalman_tftp_transfers_in_progress 1",
    "metalman_tftp_sent_bytes_total 5",
    "metalman_tftp_resent_blocks_total 3",
    "metalman_tftp_transfer_duration_seconds_count 0",
  ]);
});

Deno.test("queueObservers(): the depth is what waits for a worker, through additions while it works, failures and restarts", async () => {
  const metrics = new Metrics();
  const depth = () => samples(metrics, /queue_depth\{queue="status"/)[0]?.split(" ")[1];
  const clock = new FakeClock(0);
  const queue = new WorkQueue({ clock, random: () => 0, observe: queueObservers(metrics).status });
  for (const key of ["a", "b", "b", "c"]) queue.add(key);
  equal(depth(), "3");
  const stop = new AbortController();
  const first = queue.run(1, (key) => {
    equal(depth(), "2");
    // While it is worked on, and once more after a failure.
    queue.add(key);
    queue.retry("d");
    equal(depth(), "3");
    stop.abort();
    return Promise.resolve();
  }, stop.signal);
  await first;
  equal(depth(), "3", "what waits at the end waits for the next term");
  const again = new AbortController();
  const second = queue.run(8, () => Promise.resolve(), again.signal);
  await queue.idle();
  again.abort();
  await second;
  deepEqual(samples(metrics, /queue_(depth|adds_total|retries_total)\{queue="status"/), [
    'metalman_queue_depth{queue="status"} 0',
    'metalman_queue_adds_total{queue="status"} 4',
    'metalman_queue_retries_total{queue="status"} 1',
  ]);
});

Deno.test("bmcObserver() and showBmcs(): a certificate that is not the pinned one is counted by itself", () => {
  const metrics = new Metrics();
  const observe = bmcObserver(metrics);
  observe("look", "certificate", 5);
  observe("power", "no system", 5);
  observe("boot", "ok", 5);
  showBmcs(metrics, () => ["answering", "certificate", "answering", "no secret"]);
  deepEqual(samples(metrics, /(calls_total|bmcs|mismatches_total).* [1-9]/), [
    'metalman_bmc_calls_total{call="look",result="certificate"} 1',
    'metalman_bmc_calls_total{call="boot",result="ok"} 1',
    'metalman_bmc_calls_total{call="power",result="no_system"} 1',
    'metalman_bmcs{state="answering"} 2',
    'metalman_bmcs{state="certificate"} 1',
    'metalman_bmcs{state="no_secret"} 1',
    "metalman_bmc_pin_mismatches_total 1",
  ]);
});
