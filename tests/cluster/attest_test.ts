import assert from "node:assert/strict";
import { pinnedKey } from "../../machine/attestation.ts";
import type { MachineObject } from "../../machine/types.ts";
import { type KubeObject, manifest } from "../peers/manifest.ts";
import { freePort, peerTest } from "../peers/peer.ts";
import { attestBody, openAnswer, TestTpm, TPM_PROGRAMS, type TpmKeys } from "../peers/tpm.ts";
import { LoopbackSite, machine, SITE_NEEDS, until } from "./loopback_site.ts";

const NEEDS = { ...SITE_NEEDS, programs: [...SITE_NEEDS.programs, ...TPM_PROGRAMS] };
const MERGE = "application/merge-patch+json";
const MACHINES = "/apis/unbounded-cloud.io/v1alpha3/machines";

/** Of Machines that two TPMs want to be. */
const CONTESTED = [6, 7, 8, 9];

/** What the steps of the test work with: Machines m1 to m9 at 127.0.1.1 to 127.0.1.9, and TPMs of two makers. */
interface Scene {
  readonly site: LoopbackSite;
  readonly tpm: TestTpm;
  readonly other: TestTpm;
}

/** POST /attest from an address, as a client does it. */
function attest(site: LoopbackSite, from: string, body: string, ...curl: string[]) {
  return site.http(from, "attest", "-H", "Content-Type: application/json", "-d", body, ...curl);
}

async function createMachine(site: LoopbackSite, number: number, attestation?: Record<string, unknown>): Promise<void> {
  const object = machine(`m${number}`, "none/none:1", `aa:bb:cc:dd:ee:0${number}`, `127.0.1.${number}`);
  if (attestation !== undefined) (object as unknown as { spec: KubeObject }).spec.attestation = attestation;
  await site.api.request("POST", MACHINES, object);
}

/** Reasons and messages of the Events about a Machine. */
async function events(site: LoopbackSite, name: string): Promise<string[]> {
  const list = await site.api.request("GET", `/api/v1/events?fieldSelector=involvedObject.name=${name}`);
  const { items } = list as unknown as { items: { reason: string; message: string }[] };
  return items.map(({ reason, message }) => `${reason}: ${message}`);
}

/** The endorsement key in a Machine's status. */
async function keyOf(site: LoopbackSite, name: string): Promise<string | undefined> {
  return pinnedKey({ metadata: { name }, status: await site.status(name) } as MachineObject);
}

/** Who a token says one is (authentication.k8s.io/v1, SelfSubjectReview). */
async function whoIs(site: LoopbackSite, ca: string, token: string): Promise<string> {
  using client = Deno.createHttpClient({ caCerts: [ca] });
  const response = await fetch(`${site.api.url}/apis/authentication.k8s.io/v1/selfsubjectreviews`, {
    client,
    method: "POST",
    headers: { "Authorization": `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" }),
  });
  return (await response.json()).status.userInfo.username;
}

/** Attests, opens the answer and uses the token. */
async function getsToken({ site, tpm }: Scene, number: number, keys: TpmKeys): Promise<void> {
  const answer = await attest(site, `127.0.1.${number}`, attestBody(keys));
  assert.equal(answer.status, 200, answer.body);
  const { token, ca } = await openAnswer(tpm, keys, answer.body);
  assert.equal(await whoIs(site, ca, token), "system:serviceaccount:unbounded-kube:metalman-bootstrap");
}

async function keepsFirst(scene: Scene, number: number, ek: string): Promise<void> {
  const { site, tpm, other } = scene;
  const keys = await tpm.createKeys(ek);
  for (let turn = 0; turn < 2; turn++) {
    await getsToken(scene, number, keys);
    assert.equal(await keyOf(site, `m${number}`), await tpm.ekPem(keys));
  }
  const refused = await attest(site, `127.0.1.${number}`, attestBody(await other.createKeys(ek)));
  assert.deepEqual(refused, {
    status: 403,
    body: "the endorsement key is not the one that this Machine is known by\n",
  });
  const said = await until(() => events(site, `m${number}`), (all) => all.some((e) => e.includes("AnotherKey")));
  assert.ok(said.some((e) => /^AttestedFirstUse: .* [0-9a-f]{64} is kept, from 127/.test(e)), said.join("\n"));
  assert.ok(said.some((e) => e.startsWith("TokenIssued: ")), said.join("\n"));
}

/** As README says: the old key is taken away, and the next request is a first use again. */
async function takesAnotherTpm({ site, tpm, other }: Scene, number: number): Promise<void> {
  const keys = await other.createKeys("ecc");
  assert.equal((await attest(site, `127.0.1.${number}`, attestBody(keys))).status, 403);
  await site.api.request("PATCH", `${MACHINES}/m${number}/status`, { status: { tpm: null } }, MERGE);
  await until(() => attest(site, `127.0.1.${number}`, attestBody(keys)), ({ status }) => status === 200);
  assert.equal(await keyOf(site, `m${number}`), await other.ekPem(keys));
  assert.equal((await attest(site, `127.0.1.${number}`, attestBody(await tpm.createKeys("ecc")))).status, 403);
}

async function takesCertificate(scene: Scene, number: number, ek: "rsa" | "ecc"): Promise<void> {
  const { site, tpm, other } = scene;
  const foreign = await attest(site, `127.0.1.${number}`, attestBody(await other.readKeys(ek)));
  assert.equal(foreign.status, 403, foreign.body);
  assert.equal(await keyOf(site, `m${number}`), undefined);
  await getsToken(scene, number, await tpm.readKeys(ek));
}

async function refusesBadInput({ site, tpm }: Scene): Promise<void> {
  const body = attestBody(await tpm.createKeys("rsa"));
  const cases: [from: string, body: string, status: number][] = [
    ["127.0.1.5", "junk", 400],
    ["127.0.1.5", body.slice(0, -20), 400],
    ["127.0.1.5", body, 403],
    ["127.0.9.9", body, 404],
  ];
  for (const [from, sent, wanted] of cases) {
    const answer = await attest(site, from, sent, "-H", "X-Forwarded-For: 127.0.1.1");
    assert.equal(answer.status, wanted, answer.body);
    assert.match(answer.body, /^[^\n{]+\n$/);
  }
  await Deno.writeFile(`${site.folder}/large`, new Uint8Array(1_100_000));
  const large = await site.http("127.0.1.5", "attest", "--data-binary", `@${site.folder}/large`);
  assert.equal(large.status, 413);
  assert.equal(await keyOf(site, "m5"), undefined);
  await until(() => events(site, "m5"), (all) => all.some((e) => e.includes("longer than 65536 bytes")));
  await until(() => events(site, "m5"), (all) => all.some((e) => e.startsWith("AttestRefused: KeyNotAllowed: ")));
}

/** Two replicas hear of two TPMs for one Machine at the same time, again and again for another Machine. */
async function oneWins(scene: Scene): Promise<void> {
  const { site, tpm, other } = scene;
  const port = freePort();
  const apart = ["http-port", "health-port", "tftp-port", "dhcp-port"].map((flag, i) =>
    `--${flag}=${i === 0 ? port : freePort()}`
  );
  const replica = await site.start(...apart, `--cache-dir=${site.folder}/cache2`);
  await replica.waitFor(/ ready /);
  const bodies = [attestBody(await tpm.createKeys("ecc")), attestBody(await other.createKeys("ecc"))];
  const from = (number: number) => (body: string, to: number) =>
    site.http(`127.0.1.${number}`, "attest", "-d", body, "--connect-to", `::127.0.0.1:${to}`);
  for (const number of CONTESTED) {
    const post = from(number);
    const answers = await Promise.all(bodies.map((body, i) => post(body, i === 0 ? site.ports.http : port)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 403], JSON.stringify(answers));
    const winner = answers.findIndex(({ status }) => status === 200);
    for (const to of [site.ports.http, port]) {
      assert.equal((await post(bodies[1 - winner]!, to)).status, 403);
      assert.equal((await post(bodies[winner]!, to)).status, 200);
    }
    if (number === CONTESTED.at(-1)) await countsTogether(scene, number, (to) => post(bodies[winner]!, to), port);
  }
  await replica[Symbol.asyncDispose]();
}

/** Sixty tokens an hour, whichever replica is asked. */
async function countsTogether(
  { site }: Scene,
  number: number,
  post: (to: number) => Promise<{ status: number; body: string }>,
  port: number,
): Promise<void> {
  const name = `m${number}`;
  const tokens = (count: number) =>
    until(() => site.status(name), ({ attestation }) => attestation.tokenTimes.length === count);
  await tokens(3);
  // As if fifty-five were given by others: so many would take half a minute, at two a second.
  const tokenTimes = new Array(55).fill(new Date().toISOString().replace(/\.\d+/, ""));
  await site.api.request("PATCH", `${MACHINES}/${name}/status`, { status: { attestation: { tokenTimes } } }, MERGE);
  const inTurn = (to: number) => until(() => post(to), ({ body }) => !body.includes("asks too often"));
  let given = 0;
  while (given < 58 && (await inTurn(site.ports.http)).status === 200) given++;
  assert.ok(given < 58, `${given} more than the two that it gave before, whatever is noted`);
  const { attestation } = await tokens(60);
  assert.match(attestation.tokenTimes.at(-1), /^\d{4}-.*Z$/);
  // It hears of it by its watch.
  await until(() => post(port), ({ body }) => body.includes("60 tokens within an hour"));
}

async function obeysFlags({ site, tpm }: Scene): Promise<void> {
  const keys = await tpm.readKeys("rsa");
  const { ekPub, srkPub } = keys;
  const bare = await attest(site, "127.0.1.3", attestBody({ ekPub, srkPub }));
  assert.deepEqual(bare, { status: 403, body: "a certificate of the endorsement key is required\n" });
  assert.equal((await attest(site, "127.0.1.3", attestBody(keys))).status, 200);
  const runs = { status: { phase: "Ready" } };
  await site.api.request("PATCH", `${MACHINES}/m3/status`, runs, MERGE);
  const refused = await until(() => attest(site, "127.0.1.3", attestBody(keys)), (answer) => answer.status === 403);
  assert.deepEqual(refused, { status: 403, body: "this Machine is not being installed and has come up before\n" });
  await until(() => events(site, "m3"), (all) => all.some((e) => e.startsWith("AttestRefused: NotInstalling: ")));
  // What the node reports about itself makes it no node that is being installed.
  const start = JSON.stringify({ name: "init-local", event_type: "start" });
  await site.http("127.0.1.3", "cloudinit/log", "-d", start);
  await until(
    () => site.status("m3"),
    ({ conditions = [] }) => (conditions as { reason: string }[]).some(({ reason }) => reason === "Running"),
  );
  assert.deepEqual(await attest(site, "127.0.1.3", attestBody(keys)), refused);
}

peerTest(
  "a TPM gets a token over HTTP that the cluster takes; another TPM, junk and strangers do not (contract 10)",
  NEEDS,
  async (t) => {
    await using site = await LoopbackSite.create();
    await site.api.apply(...manifest("deploy/rbac-events.yaml"));
    await using tpm = await TestTpm.create();
    await using other = await TestTpm.create();
    const scene = { site, tpm, other };
    await Deno.writeTextFile(`${site.folder}/makers.pem`, await tpm.makerPem());
    const makers = `--ek-ca=${site.folder}/makers.pem`;
    for (const number of [1, 2, 3, 4, ...CONTESTED]) await createMachine(site, number);
    await createMachine(site, 5, { ekPublicKeySHA256: ["00".repeat(32)] });
    const metalman = await site.start(makers);
    await metalman.waitFor(/ ready /);
    await t.step("an RSA key, created", () => keepsFirst(scene, 1, "rsa"));
    await t.step("an ECC key, created", () => keepsFirst(scene, 2, "ecc"));
    await t.step("another TPM, once the old one's key is taken away", () => takesAnotherTpm(scene, 2));
    await t.step("an RSA key, from non-volatile memory, with its certificate", () => takesCertificate(scene, 3, "rsa"));
    await t.step("an ECC key, from non-volatile memory, with its certificate", () => takesCertificate(scene, 4, "ecc"));
    await t.step("what is bad is one sentence, and nothing is kept", () => refusesBadInput(scene));
    await t.step("of two first uses at two replicas at once exactly one wins", () => oneWins(scene));
    await metalman[Symbol.asyncDispose]();
    const strict = await site.start(makers, "--require-ek-cert", "--attest-only-installing");
    await strict.waitFor(/ ready /);
    await t.step(
      "--require-ek-cert and --attest-only-installing refuse, and an Event says so",
      () => obeysFlags(scene),
    );
  },
);
