import assert from "node:assert/strict";
import { createDecipheriv } from "node:crypto";
import { parseIpv4 } from "../base/address.ts";
import { FakeClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import { readAuthority } from "../attest/ek_certificate.ts";
import { newAuthority } from "../dev/certificate/certificate.ts";
import { unpem } from "../dev/certificate/der.ts";
import { createTpm, type SoftwareTpm } from "../dev/tpm/software_tpm.ts";
import { ApiError, ConnectionError } from "../k8s/errors.ts";
import { StatusWriter } from "../k8s/status.ts";
import { pinnedKey } from "../machine/attestation.ts";
import type { Machine, MachineObject } from "../machine/types.ts";
import { readMachine } from "../machine/types.ts";
import { mutations } from "../tests/mutate.ts";
import { ATTEST_REFUSALS, type AttestAnswer, Attestation, type AttestationOptions } from "./attestation.ts";

const CLIENT = parseIpv4("10.0.0.11");
const STRANGER = parseIpv4("10.0.0.99");

/** A Machine in an API that keeps versions, and what attestation says and asks. */
class Site implements AsyncDisposable {
  object: MachineObject = {
    metadata: { name: "m", uid: "u", resourceVersion: "1" },
    spec: { pxe: { dhcpLeases: [{ mac: "aa:bb:cc:dd:ee:01", ipv4: "10.0.0.11", subnetMask: "255.255.255.0" }] } },
  };
  readonly clock = new FakeClock(Date.parse("2026-11-23T10:00:00Z"));
  readonly events: string[] = [];
  readonly log = new MemoryLogger();
  readonly attestation: Attestation;
  readonly statuses: StatusWriter<MachineObject>;
  readonly #end = new AbortController();
  readonly #run: Promise<void>;
  /** What the directory knows; the watch may be behind. */
  machine: Machine | undefined = readMachine(this.object).machine;
  writes = 0;
  tokens = 0;
  /** Called before a write and before a token is given. */
  onWrite: () => void = () => {};
  onToken: () => string | Promise<string> = () => `token-${this.tokens}`;

  constructor(options: Partial<AttestationOptions> = {}) {
    const { clock, log } = this;
    const statuses = this.statuses = new StatusWriter<MachineObject>({
      client: {
        get: <T>() => Promise.resolve(this.object as T),
        replaceStatus: <T>(_: unknown, object: T) =>
          Promise.resolve().then(() => this.#replace(object as MachineObject) as T),
      },
      resource: { group: "g", version: "v", plural: "machines" },
      cached: () => this.machine?.object,
      log,
      clock,
      random: () => 0.5,
    });
    this.#run = statuses.run(this.#end.signal);
    this.attestation = new Attestation({
      directory: {
        byIp: (ip) =>
          ip === CLIENT && this.machine ? { machine: this.machine, lease: this.machine.leases[0]! } : undefined,
      },
      synced: () => true,
      statuses,
      stored: () => {},
      requestToken: async () => {
        this.tokens++;
        return await this.onToken();
      },
      clusterCa: () => Promise.resolve("CA"),
      policy: { authorities: [], requireEkCert: false, onlyInstalling: false },
      event: (machine, severity, reason, message) =>
        this.events.push(`${machine.name} ${severity} ${reason} ${message}`),
      log,
      clock,
      random: () => 0.5,
      randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
      ...options,
    });
  }

  #replace(object: MachineObject): MachineObject {
    this.onWrite();
    if (object.metadata.resourceVersion !== this.object.metadata.resourceVersion) throw new ApiError("PUT", 409);
    this.writes++;
    return this.object = { ...object, metadata: { ...object.metadata, resourceVersion: String(Math.random()) } };
  }

  post(tpm: SoftwareTpm, from = CLIENT): Promise<AttestAnswer> {
    return this.attestation.answer(from, bodyOf({ ekPub: tpm.ekPub.toBase64(), srkPub: tpm.srkPub.toBase64() }));
  }

  /** Lets time pass until the answer is there; slowly, as keys are computed with in real time. */
  async patiently<T>(answer: Promise<T>, stepMs = 20): Promise<T> {
    let there = false;
    const done = answer.finally(() => there = true);
    while (!there) {
      await new Promise((resolve) => setTimeout(resolve));
      this.clock.advance(stepMs);
    }
    return await done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#run;
  }
}

function bodyOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** As a client does: opens the credential, and with the key in it the token. */
function tokenIn({ status, text }: AttestAnswer, tpm: SoftwareTpm): string {
  assert.equal(status, 200, text);
  const answer = JSON.parse(text) as Record<string, string>;
  const bytes = (name: string) => Uint8Array.fromBase64(answer[name]!);
  const names = ["credentialBlob", "encryptedSecret", "encryptedToken", "gcmNonce", "clusterCA"];
  assert.deepEqual(Object.keys(answer), names);
  assert.equal(answer.clusterCA, "CA");
  const key = tpm.activate({ credentialBlob: bytes("credentialBlob"), encryptedSecret: bytes("encryptedSecret") });
  const sealed = bytes("encryptedToken");
  const cipher = createDecipheriv("aes-256-gcm", key, bytes("gcmNonce"));
  cipher.setAuthTag(sealed.subarray(-16));
  return cipher.update(sealed.subarray(0, -16)).toString() + cipher.final().toString();
}

Deno.test("a TPM gets a token that it alone can open, and its key is kept on first use (contract 10)", async () => {
  await using site = new Site();
  const tpm = createTpm("rsa");
  assert.equal(tokenIn(await site.post(tpm), tpm), "token-1");
  assert.match(pinnedKey(site.object)!, /^-----BEGIN PUBLIC KEY-----\n/);
  assert.match(site.events[0]!, /^m Normal AttestedFirstUse endorsement key [0-9a-f]{64} is kept, from 10\.0\.0\.11$/);
  assert.match(
    site.events[1]!,
    /^m Normal TokenIssued a bootstrap token with SHA-256 [0-9a-f]{16}\.\.\. is issued to 10/,
  );
  await site.patiently(noted(site));
  const { attestation } = site.object.status as Record<string, Record<string, string>>;
  assert.match(attestation!.tokenSHA256Prefix!, /^[0-9a-f]{16}$/);
  const said = JSON.stringify([site.events, site.log.lines]);
  assert.ok(!said.includes("token-1"), said);
});

Deno.test("answer() tells whoever counts how each request ended, in a word of ours", async () => {
  const results: string[] = [];
  await using site = new Site({ observe: (result) => results.push(result) });
  const first = createTpm();
  await site.post(first);
  site.machine = readMachine(site.object).machine;
  await site.post(createTpm());
  await site.post(first, STRANGER);
  await site.attestation.answer(CLIENT, bodyOf("Issued"));
  assert.deepEqual(results, ["Issued", "AnotherKey", "UnknownClient", "BadRequest"]);
  const words: readonly string[] = ["Issued", ...ATTEST_REFUSALS];
  assert.ok(results.every((result) => words.includes(result)));
});

/** Allows one key alone. */
function withAllowed(sha256: string): (object: MachineObject) => MachineObject {
  return (object) => ({ ...object, spec: { ...object.spec, attestation: { ekPublicKeySHA256: [sha256] } } });
}

/** Resolves when nothing is left to be written. */
async function written(statuses: StatusWriter<MachineObject>): Promise<void> {
  while (statuses.size > 0) await new Promise((resolve) => setTimeout(resolve));
}

/** Resolves when the status tells of every token. */
function noted(site: Site): Promise<void> {
  return site.attestation.flush(new AbortController().signal);
}

Deno.test("another TPM is refused with 403, and nothing is written or asked for (contract 10, 11.18)", async () => {
  await using site = new Site();
  const first = createTpm();
  await site.post(first);
  site.machine = readMachine(site.object).machine;
  await site.patiently(noted(site));
  const { writes, tokens } = site;
  const { status, text } = await site.post(createTpm());
  assert.deepEqual([status, text], [403, "the endorsement key is not the one that this Machine is known by\n"]);
  assert.deepEqual([site.tokens, site.writes], [tokens, writes]);
  assert.equal(site.events.at(-1), `m Warning AttestRefused AnotherKey: ${text.trim()}; from 10.0.0.11`);
  assert.equal(tokenIn(await site.post(first), first), `token-${tokens + 1}`);
});

const BAD: readonly (readonly [name: string, from: number, body: unknown, status: number])[] = [
  ["an unknown client", STRANGER, {}, 404],
  ["no keys", CLIENT, {}, 400],
  ["too much", CLIENT, "x".repeat(70_000), 413],
];
for (const [name, from, body, wanted] of BAD) {
  Deno.test(`answer() refuses ${name} with ${wanted} and stores nothing (contract 10, 11.18)`, async () => {
    await using site = new Site();
    const { status, text } = await site.attestation.answer(from, bodyOf(body));
    assert.equal(status, wanted);
    assert.match(text, /^[a-zA-Z][^\n]+\n$/);
    assert.deepEqual([site.writes, site.tokens, site.events.length], [0, 0, from === CLIENT ? 1 : 0]);
    assert.equal(site.log.lines.length, 1);
  });
}

Deno.test("of two first uses at once exactly one wins, and the other is checked against it (contract 10)", async () => {
  for (let round = 0; round < 20; round++) {
    await using site = new Site();
    const tpms = [createTpm(), createTpm()];
    const answers = await site.patiently(Promise.all(tpms.map((tpm) => site.post(tpm))));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 403]);
    const winner = tpms[answers.findIndex(({ status }) => status === 200)]!;
    site.machine = readMachine(site.object).machine;
    assert.equal((await site.post(winner)).status, 200);
  }
});

Deno.test("a key that another replica has written meanwhile counts (contract 10)", async () => {
  const loser = createTpm();
  const winner = createTpm();
  await using other = new Site();
  await other.post(winner);
  await using site = new Site();
  site.onWrite = () => site.object = { ...other.object, metadata: { ...other.object.metadata, resourceVersion: "2" } };
  assert.equal((await site.post(loser)).status, 403);
  assert.equal(site.tokens, 0);
  assert.equal((await site.post(winner)).status, 200);
});

Deno.test("a failing API is tried again until it answers (contract 10: the client retries nothing)", async () => {
  await using site = new Site();
  let trouble = 3;
  site.onWrite = () => {
    if (trouble-- > 0) throw new ConnectionError("api", "ECONNREFUSED");
  };
  let refusals = 3;
  site.onToken = () => {
    if (refusals-- > 0) throw new ApiError("POST", 503);
    return "late";
  };
  const tpm = createTpm();
  assert.equal(tokenIn(await site.patiently(site.post(tpm)), tpm), "late");
});

Deno.test("an API that stays away is 503 and a time to come back, one that says no is 500", async () => {
  await using site = new Site();
  site.onToken = () => new Promise(() => {});
  const started = site.clock.now();
  const { status, retryAfterS } = await site.patiently(site.post(createTpm()), 1000);
  assert.deepEqual([status, retryAfterS], [503, 5]);
  assert.ok(site.clock.now() - started < 60_000, "before the connection gives up");

  await using closed = new Site();
  closed.onToken = () => Promise.reject(new ApiError("POST", 403, { reason: "Forbidden" }));
  assert.equal((await closed.patiently(closed.post(createTpm()), 250)).status, 500);
});

Deno.test("rights that count a moment later are no reason to fail (contract 10: the client retries nothing)", async () => {
  await using site = new Site();
  const answers = [403, 404, 409];
  site.onToken = () => {
    const status = answers.shift();
    if (status !== undefined) throw new ApiError("POST", status);
    return "late";
  };
  const tpm = createTpm();
  assert.equal(tokenIn(await site.patiently(site.post(tpm), 100), tpm), "late");
});

Deno.test("an allow-list that came while the key was written counts, and the key is not kept (contract 10)", async () => {
  await using site = new Site();
  site.onWrite = () => {
    site.onWrite = () => {};
    const { metadata, spec } = site.object;
    const closed = { ...spec, attestation: { ekPublicKeySHA256: ["00"] } };
    site.object = { metadata: { ...metadata, resourceVersion: "2" }, spec: closed };
  };
  assert.equal((await site.patiently(site.post(createTpm()))).status, 403);
  assert.equal(pinnedKey(site.object), undefined);
});

const MEANWHILE:
  readonly (readonly [name: string, change: (object: MachineObject) => MachineObject | undefined, number])[] = [
    ["its key is not allowed any more", withAllowed("00"), 403],
    ["its address is nobody's", () => undefined, 404],
    ["its Machine was made again", (object) => ({ ...object, metadata: { name: "m", uid: "v" } }), 404],
    ["it has come up", (object) => ({ ...object, status: { ...object.status, phase: "Ready" } }), 200],
  ];
for (const [name, change, wanted] of MEANWHILE) {
  Deno.test(`a machine whose token took so long that ${name} meanwhile is answered with ${wanted} (contract 10)`, async () => {
    await using site = new Site({ policy: { authorities: [], requireEkCert: false, onlyInstalling: true } });
    site.onToken = () => {
      const changed = change(site.object);
      site.machine = changed && readMachine(changed).machine;
      return "secret";
    };
    const { status } = await site.post(createTpm());
    assert.equal(status, wanted);
    assert.equal(site.events.some((event) => event.includes("TokenIssued")), wanted === 200);
  });
}

Deno.test("nothing is kept for a client that was sent away, whenever the API comes back", async () => {
  await using site = new Site();
  site.onWrite = () => {
    throw new ConnectionError("api", "ECONNREFUSED");
  };
  assert.equal((await site.patiently(site.post(createTpm()), 1000)).status, 503);
  site.onWrite = () => {};
  await site.patiently(written(site.statuses), 1000);
  assert.equal(pinnedKey(site.object), undefined);
});

Deno.test("tokens that another replica gave, or this one before it started anew, count (60 an hour)", async () => {
  await using site = new Site();
  const tpm = createTpm();
  const time = new Date(site.clock.now() - 1_800_000).toISOString();
  const given = { ...site.object, status: { attestation: { tokenTimes: new Array(59).fill(time) } } };
  site.object = given;
  site.machine = readMachine(given).machine;
  assert.equal((await site.post(tpm)).status, 200);
  await site.patiently(noted(site));
  site.machine = readMachine(site.object).machine;
  assert.equal((await site.post(tpm)).status, 429);
});

Deno.test("a machine that is refused with ever other words fills no cluster with Events, and hides no other reason", async () => {
  await using site = new Site();
  for (let i = 0; i < 50; i++) {
    site.clock.advance(500);
    const body = bodyOf({ ekPub: new Uint8Array(i + 3).toBase64(), srkPub: "AA==" });
    assert.equal((await site.attestation.answer(CLIENT, body)).status, 400);
  }
  assert.equal(site.events.length, 20);
  site.clock.advance(1000);
  const tpm = createTpm();
  await site.post(tpm);
  site.machine = readMachine(site.object).machine;
  await site.post(createTpm());
  assert.match(site.events.at(-1)!, /AnotherKey/);
});

Deno.test("a Machine gets sixty tokens an hour and no more; those that failed do not count", async () => {
  await using site = new Site();
  const tpm = createTpm();
  site.onToken = () => Promise.reject(new ApiError("POST", 403));
  assert.equal((await site.patiently(site.post(tpm), 250)).status, 500);
  site.onToken = () => "t";
  for (let i = 0; i < 60; i++) {
    site.clock.advance(500);
    assert.equal((await site.post(tpm)).status, 200);
  }
  site.clock.advance(500);
  const { status, retryAfterS } = await site.post(tpm);
  assert.deepEqual([status, retryAfterS], [429, 60]);
  site.clock.advance(3_600_001);
  assert.equal((await site.post(tpm)).status, 200);
});

Deno.test("tokens of a Machine whose status the API never takes wait in one write, which goes with the Machine", async () => {
  await using site = new Site();
  const tpm = createTpm();
  await site.post(tpm);
  await site.patiently(noted(site));
  site.machine = readMachine(site.object).machine;
  const write = site.statuses.write.bind(site.statuses);
  const slots: string[] = [];
  site.statuses.write = (name, slot, decide) => {
    slots.push(slot);
    return write(name, slot, decide);
  };
  site.onWrite = () => {
    throw new ApiError("PUT", 403);
  };
  for (let i = 0; i < 50; i++) {
    site.clock.advance(500);
    assert.equal((await site.post(tpm)).status, 200);
  }
  assert.deepEqual(slots, ["tokens"]);
  site.onWrite = () => {
    throw new ApiError("PUT", 404);
  };
  await site.patiently(noted(site), 1000);
  assert.equal(site.statuses.size, 0);
});

Deno.test("a Machine that asks without end is not looked at more than twice a second, as that is everybody's time", async () => {
  await using site = new Site();
  const junk = () => site.attestation.answer(CLIENT, bodyOf("junk"));
  for (let i = 0; i < 8; i++) assert.equal((await junk()).status, 400);
  const { status, text, retryAfterS } = await junk();
  assert.deepEqual([status, text, retryAfterS], [429, "this Machine asks too often, try again\n", 5]);
  assert.match(site.events.at(-1)!, /^m Warning AttestRefused TooManyRequests: /);
  site.clock.advance(500);
  assert.equal((await site.post(createTpm())).status, 200);
  assert.equal((await junk()).status, 429);
});

Deno.test("one certificate is looked at at a time, whoever asks, with a pause between two", async () => {
  const { certPem } = await newAuthority(0);
  const authority = readAuthority(unpem("CERTIFICATE", certPem));
  await using site = new Site({ policy: { authorities: [authority], requireEkCert: false, onlyInstalling: false } });
  const { ekPub, srkPub } = createTpm();
  const body = bodyOf({ ekPub: ekPub.toBase64(), srkPub: srkPub.toBase64(), ekCert: "AAAA" });
  const statuses: number[] = [];
  const answers = [1, 2, 3].map(async () => statuses.push((await site.attestation.answer(CLIENT, body)).status));
  for (const wanted of [[403], [403, 403], [403, 403, 403]]) {
    await new Promise((resolve) => setTimeout(resolve));
    assert.deepEqual(statuses, wanted);
    site.clock.advance(0);
  }
  await Promise.all(answers);
});

Deno.test("unknown clients, however many, hide no log line about a Machine", async () => {
  await using site = new Site();
  for (let i = 0; i < 200; i++) await site.attestation.answer(STRANGER, bodyOf("junk"));
  await site.attestation.answer(CLIENT, bodyOf("junk"));
  assert.equal(site.log.lines.length, 101);
  const { fields } = site.log.lines.at(-1)!;
  assert.deepEqual([fields?.machine, fields?.alsoHeldBack], ["m", undefined]);
});

Deno.test("a Machine may have four requests wait, so that one cannot hold up the others", async () => {
  await using site = new Site();
  const tpm = createTpm();
  const token = Promise.withResolvers<string>();
  site.onToken = () => token.promise;
  const waiting = [1, 2, 3, 4].map(() => site.post(tpm));
  assert.equal((await site.post(tpm)).status, 429);
  token.resolve("t");
  for (const { status } of await Promise.all(waiting)) assert.equal(status, 200);
  assert.equal((await site.post(tpm)).status, 200);
});

Deno.test("without the cluster's CA there is a token all the same (contract 11.11)", async () => {
  await using site = new Site({ clusterCa: () => Promise.resolve(undefined) });
  const { status, text } = await site.post(createTpm());
  assert.deepEqual([status, "clusterCA" in JSON.parse(text)], [200, false]);
});

Deno.test("before Machines are read nobody is unknown: 503", async () => {
  await using site = new Site({ synced: () => false });
  assert.equal((await site.attestation.answer(STRANGER, bodyOf({}))).status, 503);
});

Deno.test("a Machine that was made again under the name meanwhile is not given the key", async () => {
  await using site = new Site();
  site.onWrite = () => site.object = { metadata: { name: "m", uid: "v", resourceVersion: "9" } };
  assert.equal((await site.post(createTpm())).status, 404);
  assert.equal(pinnedKey(site.object), undefined);
});

Deno.test("of 5,000 damaged requests none is a fault of ours, and those that are refused store and cost nothing (contract 11.18)", async () => {
  await using site = new Site();
  const tpm = createTpm();
  const text = JSON.stringify({ ekPub: tpm.ekPub.toBase64(), srkPub: tpm.srkPub.toBase64() });
  const pieces = ["", "A", "/", "=", '"', "{", "}", ",", ":", "null", "7", "\\u0000"];
  const seen = new Set<number>();
  for (const damaged of mutations({ texts: [text], pieces, count: 5000, seed: 5 })) {
    site.clock.advance(500);
    const { tokens, writes } = site;
    const { status, text: said } = await site.attestation.answer(CLIENT, new TextEncoder().encode(damaged));
    seen.add(status);
    if (status === 200) continue;
    assert.ok(status === 400 || status === 403 || status === 429, `${status} ${said}`);
    assert.match(said, /^[a-zA-Z][^\n]+\n$/);
    // Where a key of the request was kept before, another is refused by it: that took a look, and no token.
    assert.equal(site.tokens, tokens);
    if (status === 400) assert.ok(site.writes - writes <= 1, "at most the note of an earlier token");
  }
  assert.ok(seen.has(400) && seen.has(200), [...seen].join());
});
