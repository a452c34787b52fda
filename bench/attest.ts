/** Bootstrap tokens: how many a second, what each costs the thread that answers DHCP, and DHCP's answer times beside them. */
import { setImmediate } from "node:timers";
import { Attestation } from "../controllers/attestation.ts";
import { systemClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import { ekIdentity } from "../attest/decide.ts";
import { parseTpmPublic } from "../attest/tpm_public.ts";
import { createTpm, type SoftwareTpm, type TpmTemplate } from "../dev/tpm/software_tpm.ts";
import { readMachine } from "../machine/types.ts";
import type { Daemon } from "./daemon.ts";
import { startDevApi } from "./dev_api.ts";
import type { DhcpResult } from "./load.ts";
import { type ApiAccess, MachineApi } from "./machine_api.ts";
import { HTTP_PORT, startMetalman, untilServed } from "./metalman.ts";
import { median, type Row } from "./report.ts";
import type { Stage } from "./stage.ts";
import { machineAddress, OURS } from "./wire.ts";

type Kind = TpmTemplate["key"];

const MACHINES = 1000;
/** Requests a second that are offered beside DHCP, and DHCP exchanges a second beside them. */
const OFFERED = 100;
const DORA = 200;
const IN_FLIGHT = 16;
const NAMES: Readonly<Record<Kind, string>> = { "rsa": "RSA-2048", "P-256": "P-256", "P-384": "P-384" };
const URL = `http://${OURS}:${HTTP_PORT}/attest`;

function bodyOf({ ekPub, srkPub }: SoftwareTpm): string {
  return JSON.stringify({ ekPub: ekPub.toBase64(), srkPub: srkPub.toBase64() });
}

/** One request as machine `index` sends it. @throws for any answer without a token */
async function attest(index: number, body: string): Promise<void> {
  const headers = { "content-type": "application/json", "x-forwarded-for": machineAddress(index) };
  const response = await fetch(URL, { method: "POST", headers, body });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`POST /attest as machine ${index}: ${response.status} ${text}`);
}

/** Requests of all machines in turn, some at a time, until it is enough. @returns how many */
async function asFastAsItGoes(body: string, isEnough: (count: number) => boolean): Promise<number> {
  let count = 0;
  const one = async () => {
    while (!isEnough(count)) await attest(count++ % MACHINES, body);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
  return count;
}

/** So many a second, whether they are answered or not. @returns how many */
async function steadily(body: string, seconds: number): Promise<number> {
  const running: Promise<void>[] = [];
  const begun = performance.now();
  for (let i = 0; i < seconds * OFFERED; i++) {
    const waitMs = begun + i * 1000 / OFFERED - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    running.push(attest(i % MACHINES, body));
  }
  await Promise.all(running);
  return running.length;
}

/** DHCP answers, and what the main thread took for them and for what was done beside, and waited for a processor. */
interface Beside extends DhcpResult {
  readonly cpuSeconds: number;
  readonly waitedMs: number;
}

/** DHCP while something else is done. */
async function dhcpBeside(
  stage: Stage,
  daemon: Daemon,
  work: () => Promise<unknown>,
): Promise<Beside> {
  const load = await stage.load;
  const before = daemon.mainThreadSeconds();
  const running = load.dhcp({ server: OURS, machines: MACHINES, seconds: 120, rate: DORA });
  try {
    await work();
  } finally {
    await running.stop();
  }
  const result = await running.result;
  await daemon.check();
  if (result.wrong > 0 || result.exchanges === 0) {
    throw new Error(`${result.exchanges} exchanges, ${result.wrong} wrong`);
  }
  const after = daemon.mainThreadSeconds();
  return { ...result, cpuSeconds: after.ran - before.ran, waitedMs: (after.waited - before.waited) * 1000 };
}

/** What one kind of key gives in one round. */
interface Found {
  readonly perSecond: number;
  readonly alone: Beside;
  readonly beside: Beside;
  /** Of the main thread, for each token, with all that it asks of the API. */
  readonly cpuMs: number;
}

async function round(stage: Stage, daemon: Daemon, body: string): Promise<Found> {
  const { seconds } = stage.pace;
  const begun = performance.now();
  const fast = await asFastAsItGoes(body, () => performance.now() - begun > seconds * 1000);
  const perSecond = fast / (performance.now() - begun) * 1000;
  const alone = await dhcpBeside(stage, daemon, () => new Promise((resolve) => setTimeout(resolve, seconds * 1000)));
  let count = 0;
  const beside = await dhcpBeside(stage, daemon, async () => count = await steadily(body, seconds));
  return { perSecond, alone, beside, cpuMs: (beside.cpuSeconds - alone.cpuSeconds) / count * 1000 };
}

/** The longest of the turns of the event loop that a request takes: nothing else is done meanwhile. */
async function longestTurn(answer: Promise<unknown>, begun: number): Promise<number> {
  let isDone = false;
  answer.finally(() => isDone = true);
  // Up to here, and from turn to turn.
  let last = performance.now();
  let longest = last - begun;
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return longest;
}

/** {@link longestTurn} of requests one after another, with an API that answers at once. */
async function stretches(kind: Kind, count: number): Promise<number[]> {
  const tpm = createTpm(kind);
  const { machine } = readMachine({
    metadata: { name: "m", uid: "u", resourceVersion: "1" },
    spec: { pxe: { dhcpLeases: [{ mac: "02:00:00:00:00:01", ipv4: "10.99.1.0", subnetMask: "255.255.0.0" }] } },
    status: { tpm: { ekPublicKey: ekIdentity(parseTpmPublic(tpm.ekPub).key).pem } },
  });
  let hour = 0;
  const attestation = new Attestation({
    directory: { byIp: () => ({ machine: machine!, lease: machine!.leases[0]! }) },
    synced: () => true,
    statuses: { write: () => Promise.resolve({ kind: "gone" }) },
    stored: () => {},
    requestToken: () => Promise.resolve("x".repeat(1000)),
    clusterCa: () => Promise.resolve("y".repeat(1500)),
    policy: { authorities: [], requireEkCert: false, onlyInstalling: false },
    event: () => {},
    log: new MemoryLogger(),
    // An hour between two requests: there is no limit to run into.
    clock: { now: () => hour++ * 3_600_000, sleep: systemClock.sleep },
    random: () => 0.5,
    randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
  });
  const body = new TextEncoder().encode(bodyOf(tpm));
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    const begun = performance.now();
    const answer = attestation.answer(0, body);
    found.push(await longestTurn(answer, begun));
    const { status, text } = await answer;
    if (status !== 200) throw new Error(text);
  }
  return found;
}

async function stretchRows(kind: Kind): Promise<Row> {
  const [first = 0, ...later] = await stretches(kind, 300);
  return {
    ...{ area: "attest", figure: `event loop held up by a request, ${NAMES[kind]}`, unit: "ms, median" },
    ours: median(later),
    note: `the first ${first.toFixed(1)}, the longest of 300 ${Math.max(...later).toFixed(1)}`,
  };
}

function rows(kind: Kind, found: readonly Found[]): Row[] {
  const with_ = `${OFFERED} tokens/s beside ${DORA} DORA/s, ${NAMES[kind]}`;
  const beside = (unit: string, pick: (result: DhcpResult) => number): Row => ({
    ...{ area: "attest", figure: with_, unit, ours: median(found.map(({ beside }) => pick(beside))) },
    peer: { name: "DORA alone", value: median(found.map(({ alone }) => pick(alone))) },
    target: { of: "ours", is: "atMost", than: 10 },
  });
  const waited = (pick: (one: Found) => Beside) => Math.round(median(found.map((one) => pick(one).waitedMs)));
  const perSecond = median(found.map(({ perSecond }) => perSecond));
  return [
    {
      ...{ area: "attest", figure: `tokens, ${NAMES[kind]}`, unit: "per second", ours: perSecond },
      target: { of: "ours", is: "atLeast", than: 100 },
    },
    beside("DORA p99 ms", ({ p99us }) => p99us / 1000),
    {
      ...beside("longest DORA ms", ({ maxus }) => maxus / 1000),
      note: `had no processor for ${waited((one) => one.beside)} ms, alone for ${waited((one) => one.alone)}`,
    },
    {
      ...{ area: "attest", figure: with_, unit: "main thread's CPU ms a token" },
      ours: median(found.map(({ cpuMs }) => cpuMs)),
    },
  ];
}

/** A kubeconfig for metalman, and what it needs to give tokens. */
async function prepare(stage: Stage, access: ApiAccess, site: string): Promise<string> {
  using api = new MachineApi(access);
  const namespace = { metadata: { name: "unbounded-kube" } };
  const account = { metadata: { name: "metalman-bootstrap" } };
  const create = async (path: string, body: unknown) =>
    void await (await api.request("POST", path, { body, accept: [409] })).body?.cancel();
  await create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", ...namespace });
  await create("/api/v1/namespaces/unbounded-kube/serviceaccounts", {
    ...{ apiVersion: "v1", kind: "ServiceAccount", ...account },
  });
  // Without it each answer would have to do without the cluster's CA.
  const kubeconfig = JSON.stringify({
    ...{ apiVersion: "v1", kind: "Config" },
    clusters: [{ name: "", cluster: { server: access.url, "certificate-authority-data": btoa(access.ca) } }],
  });
  await create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-public" } });
  await create("/api/v1/namespaces/kube-public/configmaps", {
    ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "cluster-info" }, data: { kubeconfig } },
  });
  await api.createMany(site, 0, MACHINES, await (await stage.images).reference("small"));
  const file = `${stage.newFolder("kubeconfig")}/config`;
  const cluster = { server: access.url, "certificate-authority-data": btoa(access.ca) };
  const config = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": "a" },
    clusters: [{ name: "a", cluster }],
    users: [{ name: "a", user: { token: access.token } }],
    contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
  };
  await Deno.writeTextFile(file, JSON.stringify(config));
  return file;
}

/** Measures it against the API server of `metalman dev`, whose tokens cost little: the API is not what is measured. */
export async function benchAttest(stage: Stage): Promise<Row[]> {
  const found: Row[] = [];
  for (const kind of ["rsa", "P-256", "P-384"] as const) found.push(await stretchRows(kind));
  const { daemon: apiServer, access } = await startDevApi(stage);
  await using _ = apiServer;
  for (const kind of ["rsa", "P-256"] as const) {
    const site = `attest-${kind.toLowerCase()}`;
    stage.progress(`attest: ${NAMES[kind]}`);
    const kubeconfig = await prepare(stage, access, site);
    await using daemon = await startMetalman(stage, { site, kubeconfig });
    await untilServed(0);
    await daemon.favour();
    const body = bodyOf(createTpm(kind));
    // Each key is kept, and DHCP's code is warm.
    await asFastAsItGoes(body, (count) => count >= MACHINES);
    await dhcpBeside(stage, daemon, () => new Promise((resolve) => setTimeout(resolve, stage.pace.seconds * 1000)));
    const rounds: Found[] = [];
    for (let i = 0; i < stage.pace.rounds; i++) rounds.push(await round(stage, daemon, body));
    found.push(...rows(kind, rounds));
  }
  return found;
}
