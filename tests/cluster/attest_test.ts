import assert from "node:assert/strict";
import { pinnedKey } from "../../machine/attestation.ts";
import type { MachineObject } from "../../machine/types.ts";
import { type KubeObject, manifest } from "../peers/manifest.ts";
import { peerTest } from "../peers/peer.ts";
import { attestBody, openAnswer, TestTpm, TPM_PROGRAMS } from "../peers/tpm.ts";
import { LoopbackSite, machine, SITE_NEEDS, until } from "./loopback_site.ts";

const NEEDS = { ...SITE_NEEDS, programs: [...SITE_NEEDS.programs, ...TPM_PROGRAMS] };
const MACHINES = "/apis/unbounded-cloud.io/v1alpha3/machines";

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

peerTest(
  "a TPM gets a token over HTTP that the cluster takes; another TPM, junk and strangers do not (contract 10)",
  NEEDS,
  async (t) => {
    await using site = await LoopbackSite.create();
    await site.api.apply(...manifest("deploy/rbac-events.yaml"));
    await using tpm = await TestTpm.create();
    await using other = await TestTpm.create();
    await Deno.writeTextFile(`${site.folder}/makers.pem`, await tpm.makerPem());
    for (const number of [1, 2, 3, 4]) await createMachine(site, number);
    await createMachine(site, 5, { ekPublicKeySHA256: ["00".repeat(32)] });
    const metalman = await site.start(`--ek-ca=${site.folder}/makers.pem`);
    await metalman.waitFor(/ ready /);
    const status = async (number: number) =>
      ({ metadata: { name: "" }, status: await site.status(`m${number}`) }) as MachineObject;

    for (const [number, ek] of [[1, "rsa"], [2, "ecc"]] as const) {
      await t.step(`${ek}, created, twice`, async () => {
        const keys = await tpm.createKeys(ek);
        for (let turn = 0; turn < 2; turn++) {
          const answer = await attest(site, `127.0.1.${number}`, attestBody(keys));
          assert.equal(answer.status, 200, answer.body);
          const { token, ca } = await openAnswer(tpm, keys, answer.body);
          assert.equal(await whoIs(site, ca, token), "system:serviceaccount:unbounded-kube:metalman-bootstrap");
          assert.equal(pinnedKey(await status(number)), await tpm.ekPem(keys));
        }
        const refused = await attest(site, `127.0.1.${number}`, attestBody(await other.createKeys(ek)));
        assert.deepEqual(refused, {
          status: 403,
          body: "the endorsement key is not the one that this Machine is known by\n",
        });
        const said = await until(() => events(site, `m${number}`), (all) => all.some((e) => e.includes("AnotherKey")));
        assert.ok(
          said.some((e) => /^AttestedFirstUse: endorsement key [0-9a-f]{64} is kept, from 127/.test(e)),
          said.join("\n"),
        );
        assert.ok(said.some((e) => e.startsWith("TokenIssued: ")), said.join("\n"));
      });
    }
    for (const [number, ek] of [[3, "rsa"], [4, "ecc"]] as const) {
      await t.step(`${ek}, from non-volatile memory, with its certificate`, async () => {
        const foreign = await attest(site, `127.0.1.${number}`, attestBody(await other.readKeys(ek)));
        assert.equal(foreign.status, 403, foreign.body);
        assert.equal(pinnedKey(await status(number)), undefined);
        const keys = await tpm.readKeys(ek);
        const answer = await attest(site, `127.0.1.${number}`, attestBody(keys));
        assert.equal(answer.status, 200, answer.body);
        const { token, ca } = await openAnswer(tpm, keys, answer.body);
        assert.equal(await whoIs(site, ca, token), "system:serviceaccount:unbounded-kube:metalman-bootstrap");
      });
    }
    await t.step("what is bad is one sentence, and nothing is kept", async () => {
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
      assert.equal(pinnedKey(await status(5)), undefined);
      await until(() => events(site, "m5"), (all) => all.some((e) => e.startsWith("AttestRefused: KeyNotAllowed: ")));
    });
    await metalman[Symbol.asyncDispose]();
    const strict = await site.start(
      ...[`--ek-ca=${site.folder}/makers.pem`, "--require-ek-cert", "--attest-only-installing"],
    );
    await strict.waitFor(/ ready /);
    await t.step("--require-ek-cert and --attest-only-installing refuse, and an Event says so", async () => {
      const keys = await tpm.readKeys("rsa");
      const { ekPub, srkPub } = keys;
      const bare = await attest(site, "127.0.1.3", attestBody({ ekPub, srkPub }));
      assert.deepEqual(bare, { status: 403, body: "a certificate of the endorsement key is required\n" });
      assert.equal((await attest(site, "127.0.1.3", attestBody(keys))).status, 200);
      const runs = { status: { phase: "Ready" } };
      await site.api.request("PATCH", `${MACHINES}/m3/status`, runs, "application/merge-patch+json");
      const refused = await until(() => attest(site, "127.0.1.3", attestBody(keys)), (a) => a.status !== 200);
      assert.deepEqual(refused, {
        status: 403,
        body: "this Machine is not being installed and has come up before\n",
      });
      await until(() => events(site, "m3"), (all) => all.some((e) => e.startsWith("AttestRefused: NotInstalling: ")));
    });
  },
);
