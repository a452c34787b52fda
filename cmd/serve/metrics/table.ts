/** Every metric of serve-pxe: what /metrics shows, and docs/metrics.md says. */
import type { Labels } from "../../../base/metrics.ts";
import { ATTEST_REFUSALS } from "../../../controllers/attestation.ts";
import type { CallResult } from "../../../controllers/bmc_calls.ts";
import type { BmcCall, BmcState } from "../../../controllers/bmc_memory.ts";
import { STATUS_RESULTS } from "../../../k8s/status.ts";
import { WATCH_ENDS } from "../../../k8s/watch.ts";
import { EVENT_REASONS } from "../../../machine/event_reasons.ts";
import { DHCP_CAUSES, DHCP_STATES } from "../../../pxe/dhcp/decide.ts";
import { MESSAGE_TYPE } from "../../../pxe/dhcp/reply.ts";
import { DHCP_FAULTS, DHCP_OUTCOMES } from "../../../pxe/dhcp/server.ts";
import { HTTP_ROUTES, HTTP_SECONDS, HTTP_STATUSES } from "../../../pxe/http/counts.ts";
import { TFTP_OUTCOMES, TFTP_REFUSALS } from "../../../pxe/tftp/observer.ts";
import type { BmcFault } from "../../../redfish/types.ts";
import { PULL_ERRORS } from "../../../registry/errors.ts";

/** What is said of a metric; its name is its key in {@link METRICS}. */
export type Entry =
  & { readonly help: string; readonly labels?: Labels }
  & ({ readonly type: "counter" | "gauge" } | { readonly type: "histogram"; readonly bounds: readonly number[] });

/** Queues of keys that wait for work on them. */
export const QUEUES = ["bmc", "installation", "cloud_init", "status", "event"] as const;
const FAULT_WORDS: Readonly<Record<BmcFault, string>> = {
  unreachable: "unreachable",
  tls: "tls",
  certificate: "certificate",
  login: "login",
  busy: "busy",
  refused: "refused",
  "no system": "no_system",
  protocol: "protocol",
};
/** How calls to BMCs end, as labels have it. */
export const CALL_WORDS: Readonly<Record<CallResult, string>> = { ok: "ok", ...FAULT_WORDS, aborted: "aborted" };
/** How BMCs stand, as labels have it. */
export const STATE_WORDS: Readonly<Record<BmcState, string>> = {
  unknown: "unknown",
  answering: "answering",
  ...FAULT_WORDS,
  "no secret": "no_secret",
};
const BMC_CALLS: readonly BmcCall[] = ["look", "boot", "power"];
const VERBS = ["GET", "WATCH", "POST", "PUT", "PATCH", "DELETE"];
/** Statuses of the API that are counted by themselves; `<error>`: there was no answer. */
const API_CODES = [
  ...["200", "201", "400", "401", "403", "404", "409", "410", "422", "429", "500", "502", "503", "504", "<error>"],
];
const PULL_RESULTS = ["ok", ...PULL_ERRORS];

const ANSWER_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1];
const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const TRANSFER_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const PULL_SECONDS = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];
const QUEUE_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600];
const LAG_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** The table. */
export const METRICS = {
  metalman_dhcp_messages_total: {
    type: "counter",
    help: "DHCP messages received, by their type; other: without one, malformed ones too.",
    labels: { message: Object.keys(MESSAGE_TYPE).map((name) => name.toUpperCase()) },
  },
  metalman_dhcp_decisions_total: {
    type: "counter",
    help: "What became of DHCP messages, and why; an answer's cause is the state of the client.",
    labels: { result: DHCP_OUTCOMES, cause: [...DHCP_STATES, ...DHCP_CAUSES, ...DHCP_FAULTS] },
  },
  metalman_dhcp_answer_duration_seconds: {
    type: "histogram",
    help: "Time from a DHCP message to its answer on the wire.",
    bounds: ANSWER_SECONDS,
  },
  metalman_tftp_requests_total: {
    type: "counter",
    help: "TFTP requests, by what they led to: a transfer, or why not.",
    labels: { result: ["transfer", ...TFTP_REFUSALS] },
  },
  metalman_tftp_transfers_total: {
    type: "counter",
    help: "TFTP transfers that have ended; refused: by the client, lost: it does not answer any more.",
    labels: { result: TFTP_OUTCOMES },
  },
  metalman_tftp_transfers_in_progress: { type: "gauge", help: "TFTP transfers under way." },
  metalman_tftp_sent_bytes_total: { type: "counter", help: "Bytes of files that TFTP clients have acknowledged." },
  metalman_tftp_resent_blocks_total: { type: "counter", help: "Blocks that were sent to TFTP clients once more." },
  metalman_tftp_transfer_duration_seconds: {
    type: "histogram",
    help: "Time from a TFTP request to the end of its transfer, of those that are done.",
    bounds: TRANSFER_SECONDS,
  },
  metalman_http_requests_total: {
    type: "counter",
    help: "HTTP requests that were answered, by what they were about and the answer's status.",
    labels: { route: HTTP_ROUTES, code: HTTP_STATUSES },
  },
  metalman_http_cut_answers_total: {
    type: "counter",
    help: "HTTP answers that were not sent to their end: the client had enough, or was too slow.",
    labels: { route: HTTP_ROUTES },
  },
  metalman_http_sent_bytes_total: {
    type: "counter",
    help: "Bytes sent in HTTP answers, heads included.",
    labels: { route: HTTP_ROUTES },
  },
  metalman_http_request_duration_seconds: {
    type: "histogram",
    help: "Time from an HTTP request's head to the last byte of its answer.",
    labels: { route: HTTP_ROUTES },
    bounds: HTTP_SECONDS,
  },
  metalman_http_connections: { type: "gauge", help: "Open HTTP connections." },
  metalman_template_failures_total: {
    type: "counter",
    help: "Templates that could not be rendered; the log and an Event say which and why.",
  },
  metalman_attestations_total: {
    type: "counter",
    help: "Answers to requests for a token: issued, or why not.",
    labels: { result: ["Issued", ...ATTEST_REFUSALS] },
  },
  metalman_machines: { type: "gauge", help: "Machines of the site." },
  metalman_dhcp_leases: { type: "gauge", help: "DHCP leases of the site's Machines." },
  metalman_machine_reports_waiting: {
    type: "gauge",
    help: "Machines with reports that are not in the API yet.",
  },
  metalman_image_lookups_total: {
    type: "counter",
    help: "Image references that were resolved and are here, or why not.",
    labels: { result: PULL_RESULTS },
  },
  metalman_image_pulls_total: {
    type: "counter",
    help: "Images that were fetched and unpacked, or why not.",
    labels: { result: PULL_RESULTS },
  },
  metalman_image_pulled_bytes_total: { type: "counter", help: "Bytes of the layers of pulled images, as packed." },
  metalman_image_pull_duration_seconds: {
    type: "histogram",
    help: "Time to fetch and unpack an image, of those pulled.",
    bounds: PULL_SECONDS,
  },
  metalman_cached_images: { type: "gauge", help: "Images in the cache." },
  metalman_cached_images_bytes: { type: "gauge", help: "Size of the files of the images in the cache." },
  metalman_bmc_calls_total: {
    type: "counter",
    help: "Calls to BMCs by what they were to do and how they ended; aborted: not needed any more.",
    labels: { call: BMC_CALLS, result: Object.values(CALL_WORDS) },
  },
  metalman_bmc_call_duration_seconds: {
    type: "histogram",
    help: "Time of a call to a BMC, without the wait for its turn.",
    labels: { call: BMC_CALLS },
    bounds: CALL_SECONDS,
  },
  metalman_bmcs: {
    type: "gauge",
    help:
      "BMCs that this replica works with, by how they stand: answering, not asked yet, or why the last call failed.",
    labels: { state: Object.values(STATE_WORDS) },
  },
  metalman_bmc_pin_mismatches_total: {
    type: "counter",
    help: "Calls to BMCs that ended because the certificate is not the one that is pinned.",
  },
  metalman_queue_depth: {
    type: "gauge",
    help: "Keys that wait for a worker; those whose time has not come do not count.",
    labels: { queue: QUEUES },
  },
  metalman_queue_adds_total: { type: "counter", help: "Keys that came into a queue.", labels: { queue: QUEUES } },
  metalman_queue_retries_total: {
    type: "counter",
    help: "Keys that are tried again after a failure.",
    labels: { queue: QUEUES },
  },
  metalman_queue_wait_duration_seconds: {
    type: "histogram",
    help: "How long keys waited for a worker.",
    labels: { queue: QUEUES },
    bounds: QUEUE_SECONDS,
  },
  metalman_queue_work_duration_seconds: {
    type: "histogram",
    help: "How long the work on a key took.",
    labels: { queue: QUEUES },
    bounds: QUEUE_SECONDS,
  },
  metalman_api_requests_total: {
    type: "counter",
    help: "Requests to the Kubernetes API, repeated ones too; <error>: there was no answer.",
    labels: { verb: VERBS, code: API_CODES },
  },
  metalman_api_request_duration_seconds: {
    type: "histogram",
    help: "Time from a request to the Kubernetes API to the head of its answer.",
    labels: { verb: VERBS },
    bounds: CALL_SECONDS,
  },
  metalman_watch_restarts_total: {
    type: "counter",
    help: "Watches that were made anew: ended by the API server as it does every few minutes, or the trouble.",
    labels: { resource: ["machines", "configmaps"], reason: WATCH_ENDS },
  },
  metalman_status_writes_total: {
    type: "counter",
    help: "Tries to write a Machine's status; gone: the Machine, conflict: read and decided again.",
    labels: { result: STATUS_RESULTS },
  },
  metalman_events_total: {
    type: "counter",
    help: "What was said as an Event, before equal ones are counted as one.",
    labels: { reason: Object.keys(EVENT_REASONS) },
  },
  metalman_leader: { type: "gauge", help: "1 while this replica may act on BMCs and installations, else 0." },
  metalman_build_info: {
    type: "gauge",
    help: "1, with the version and commit of the program.",
    labels: { version: [], commit: [] },
  },
  metalman_event_loop_delay_seconds: {
    type: "histogram",
    help: "How much later than asked for a timer of the main thread came; one each second.",
    bounds: LAG_SECONDS,
  },
  metalman_heap_used_bytes: { type: "gauge", help: "Memory that objects of the main thread take." },
  metalman_heap_size_bytes: { type: "gauge", help: "Memory that the main thread has for objects." },
  process_cpu_seconds_total: { type: "counter", help: "Processor time of all threads, user and system." },
  process_resident_memory_bytes: { type: "gauge", help: "Memory of the process that is in RAM." },
  process_start_time_seconds: { type: "gauge", help: "When the process started, since the epoch." },
} as const satisfies Readonly<Record<string, Entry>>;
