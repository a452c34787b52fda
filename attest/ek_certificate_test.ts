import assert from "node:assert/strict";
import { type KeyObject, X509Certificate } from "node:crypto";
import * as der from "../dev/certificate/der.ts";
import { ekTemplate, makeKey } from "../dev/tpm/software_tpm.ts";
import { seeded } from "../tests/mutate.ts";
import { DerError, TAG } from "./der_reader.ts";
import { type Authority, ekCertificateProblem, readAuthority } from "./ek_certificate.ts";
import { keyObject } from "./make_credential.ts";
import { parseTpmPublic } from "./tpm_public.ts";

const NOW = Date.parse("2026-11-23T10:00:00Z");
const DAY = 86_400_000;
const SIGNATURE = der.sequence(der.oid("1.2.840.10045.4.3.2"));
const encode = (text: string) => new TextEncoder().encode(text);

/** What a certificate is made of; each case changes something. */
interface Recipe {
  subject: string;
  issuer: string;
  spki: Uint8Array;
  version: number;
  from: number;
  until: number;
  extensions: Uint8Array[];
}

function name(common: string): Uint8Array {
  return der.sequence(der.set(der.sequence(der.oid("2.5.4.3"), der.utf8(common))));
}

function extension(id: string, value: Uint8Array, critical = true): Uint8Array {
  return der.sequence(der.oid(id), ...(critical ? [der.TRUE] : []), der.octets(value));
}

const usage = (bit: number) => extension("2.5.29.15", der.namedBits(bit));
const constraints = (...fields: Uint8Array[]) => extension("2.5.29.19", der.sequence(...fields));
const purpose = (id: string) => extension("2.5.29.37", der.sequence(der.oid(id)), false);
function tpmName(...ids: string[]): Uint8Array {
  const attributes = ids.map((id) => der.set(der.sequence(der.oid(`2.23.133.2.${id}`), der.utf8("id:1"))));
  // A DNS name in front: alternative names may be many.
  const names = [der.implicit(2, encode("a.b")), der.context(4, der.sequence(...attributes))];
  return extension("2.5.29.17", der.sequence(...names));
}
const family = (text: string) => {
  const version = [der.unsigned(new Uint8Array([0])), der.unsigned(new Uint8Array([138]))];
  const specification = der.set(der.sequence(der.utf8(text), ...version));
  return extension("2.5.29.9", der.sequence(der.sequence(der.oid("2.23.133.2.16"), specification)), false);
};

async function issue(recipe: Recipe, signer: CryptoKey): Promise<Uint8Array> {
  const { subject, issuer, spki, version, from, until, extensions } = recipe;
  const signed = der.sequence(
    der.context(0, der.unsigned(new Uint8Array([version - 1]))),
    der.unsigned(new Uint8Array([7])),
    SIGNATURE,
    name(issuer),
    der.sequence(der.time(from), der.time(until)),
    name(subject),
    spki,
    der.context(3, der.sequence(...extensions)),
  );
  const raw = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, signer, signed));
  const value = der.sequence(der.unsigned(raw.subarray(0, 32)), der.unsigned(raw.subarray(32)));
  return der.sequence(signed, SIGNATURE, der.bits(value));
}

const newPair = async () =>
  await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]) as CryptoKeyPair;
const spkiOf = async ({ publicKey }: CryptoKeyPair) => new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));

const [rootPair, middlePair] = [await newPair(), await newPair()];
const CA = [constraints(der.TRUE), usage(5)];
const span = { version: 3, from: NOW - DAY, until: NOW + DAY };
const ROOT: Recipe = { ...span, subject: "root", issuer: "root", spki: await spkiOf(rootPair), extensions: CA };
const MIDDLE: Recipe = { ...ROOT, subject: "middle", spki: await spkiOf(middlePair) };
const KEYS = {
  ecc: parseTpmPublic(makeKey(ekTemplate("P-256")).bytes).key,
  p384: parseTpmPublic(makeKey(ekTemplate("P-384")).bytes).key,
  rsa: parseTpmPublic(makeKey(ekTemplate("rsa")).bytes).key,
};
const spkiOfKey = (kind: keyof typeof KEYS) => keyObject(KEYS[kind]).export({ type: "spki", format: "der" });
const EK_PURPOSE = purpose("2.23.133.8.1");
const LEAF: Recipe = {
  ...span,
  subject: "",
  issuer: "middle",
  spki: spkiOfKey("ecc"),
  extensions: [constraints(), usage(4), EK_PURPOSE, tpmName("1", "2", "3"), family("2.0")],
};

/** Makers' certificates with something changed. */
async function makers(changes: { root?: Partial<Recipe>; middle?: Partial<Recipe> } = {}): Promise<Authority[]> {
  const root = await issue({ ...ROOT, ...changes.root }, rootPair.privateKey);
  const middle = await issue({ ...MIDDLE, ...changes.middle }, rootPair.privateKey);
  return [readAuthority(middle), readAuthority(root)];
}

async function problemOf(
  leaf: Partial<Recipe>,
  { kind = "ecc", authorities }: { kind?: keyof typeof KEYS; authorities?: Authority[] } = {},
): Promise<string | undefined> {
  const cert = await issue({ ...LEAF, ...leaf }, middlePair.privateKey);
  return ekCertificateProblem(cert, KEYS[kind], { authorities: authorities ?? await makers(), nowMs: NOW });
}

const withExtensions = (...extensions: Uint8Array[]) => ({ extensions });
const NAME = tpmName("1", "2", "3");
/** As older makers write it: a key that says that it is for OAEP alone. */
const oaepSpki = () => {
  const key = KEYS.rsa;
  assert.ok(key.kind === "rsa");
  const numbers = der.sequence(der.unsigned(key.modulus), der.unsigned(new Uint8Array([1, 0, 1])));
  return der.sequence(der.sequence(der.oid("1.2.840.113549.1.1.7"), der.sequence()), der.bits(numbers));
};

const CASES: readonly (readonly [
  name: string,
  leaf: Partial<Recipe>,
  wanted: RegExp | undefined,
  kind?: keyof typeof KEYS,
])[] = [
  ["is as it should be", {}, undefined],
  ["is of an RSA key", { spki: spkiOfKey("rsa"), ...withExtensions(usage(2), NAME) }, undefined, "rsa"],
  ["is of an RSA key for OAEP", { spki: oaepSpki(), ...withExtensions(usage(2), NAME) }, undefined, "rsa"],
  ["is of a key on P-384", { spki: spkiOfKey("p384") }, undefined, "p384"],
  ["has neither constraints, purposes nor specification", withExtensions(usage(4), NAME), undefined],
  ["is of another key", { spki: spkiOfKey("p384") }, /^is for another key$/],
  ["is of an RSA key for an ECC one", { spki: spkiOfKey("rsa") }, /^is for another key$/],
  ["is of version 1", { version: 1 }, /^is not of version 3$/],
  ["is an authority's", withExtensions(constraints(der.TRUE), usage(4), NAME), /^is an authority's$/],
  ["has no key usage", withExtensions(NAME), /key usage keyAgreement$/],
  ["has another key usage", withExtensions(usage(0), NAME), /key usage keyAgreement$/],
  ["has RSA's key usage for ECC", withExtensions(usage(2), NAME), /key usage keyAgreement$/],
  [
    "is for a web server",
    withExtensions(usage(4), purpose("1.3.6.1.5.5.7.3.1"), NAME),
    /^is not for endorsement keys$/,
  ],
  ["names no TPM", withExtensions(usage(4)), /TPM's manufacturer, model, version$/],
  ["names no model", withExtensions(usage(4), tpmName("1", "3")), /TPM's model$/],
  ["is of a TPM 1.2", withExtensions(usage(4), NAME, family("1.2")), /not 2\.0$/],
  [
    "has an unknown critical extension",
    withExtensions(usage(4), NAME, extension("1.2.3", new Uint8Array())),
    /critical extension 1\.2\.3,/,
  ],
  ["has an extension twice", withExtensions(usage(4), usage(4), NAME), /^cannot be read: .*2\.5\.29\.15 twice$/],
  ["is not valid yet", { from: NOW + 1000 }, /^is not valid before 2026-11-23T10:00:01/],
  ["has expired", { until: NOW - 1000 }, /^has expired at 2026-11-23T09:59:59/],
  ["is of an unknown issuer", { issuer: "nobody" }, /^is of an issuer that is not among/],
  ["claims the root as its issuer", { issuer: "root" }, /^has a signature that none/],
];
for (const [name, leaf, wanted, kind = "ecc"] of CASES) {
  Deno.test(`an endorsement key's certificate that ${name} (TCG EK Credential Profile, 3; RFC 5280, 4.2)`, async () => {
    const problem = await problemOf(leaf, { kind });
    if (wanted === undefined) assert.equal(problem, undefined);
    else assert.match(problem ?? "accepted", wanted);
  });
}

const CHAINS: readonly (readonly [string, Parameters<typeof makers>[0], RegExp])[] = [
  ["intermediate has expired", { middle: { until: NOW - 1000 } }, /^has an issuer whose certificate has expired/],
  ["root has expired", { root: { until: NOW - 1000 } }, /^has an issuer whose certificate has expired/],
  [
    "intermediate may not sign certificates",
    { middle: withExtensions(constraints(der.TRUE), usage(0)) },
    /may not sign/,
  ],
  [
    "root allows no intermediate",
    { root: withExtensions(constraints(der.TRUE, der.unsigned(new Uint8Array([0]))), usage(5)) },
    /longer chain than an issuer allows/,
  ],
  [
    "root limits names",
    { root: withExtensions(...CA, extension("2.5.29.30", der.sequence())) },
    /issuer whose.*2\.5\.29\.30/,
  ],
  ["root has another name", { root: { subject: "other", issuer: "other" } }, /^is of an issuer that is not among/],
  ["root is not signed by itself", { root: { issuer: "above" } }, /^is of an issuer that is not among/],
];
for (const [name, changes, wanted] of CHAINS) {
  Deno.test(`a chain whose ${name} is refused (RFC 5280, 6.1)`, async () => {
    assert.match(await problemOf({}, { authorities: await makers(changes) }) ?? "accepted", wanted);
  });
}

Deno.test("a chain that goes round ends, and of two issuers of a name the right one is found", async () => {
  const authorities = await makers();
  const stranger = await newPair();
  const namesake = readAuthority(await issue({ ...MIDDLE, spki: await spkiOf(stranger) }, rootPair.privateKey));
  assert.equal(await problemOf({}, { authorities: [namesake, ...authorities] }), undefined);
  const round = [
    readAuthority(await issue({ ...MIDDLE, issuer: "root" }, rootPair.privateKey)),
    readAuthority(await issue({ ...ROOT, issuer: "middle" }, middlePair.privateKey)),
  ];
  assert.equal(await problemOf({}, { authorities: round }), "has too long a chain");
  const [middle] = await makers();
  const named = readAuthority(await issue(ROOT, stranger.privateKey));
  assert.match((await problemOf({}, { authorities: [middle!, named] }))!, /^has a signature that none/);
});

Deno.test("what a TPM has behind a certificate does not count: some fill up the room with ones or zeros", async () => {
  const cert = await issue(LEAF, middlePair.privateKey);
  const authorities = await makers();
  for (const filling of [0xff, 0]) {
    const stored = new Uint8Array(1600).fill(filling);
    stored.set(cert);
    assert.equal(ekCertificateProblem(stored, KEYS.ecc, { authorities, nowMs: NOW }), undefined);
  }
});

Deno.test("an object identifier of a stranger's length is not said again", async () => {
  const long = new Uint8Array(20_000).fill(0x81);
  long[19_999] = 1;
  const critical = der.sequence(der.tagged(TAG.oid, long), der.TRUE, der.octets(new Uint8Array()));
  const problem = await problemOf(withExtensions(usage(4), NAME, critical));
  assert.equal(problem, "cannot be read: an object identifier has 20000 bytes");
});

Deno.test("a signature of a kind that is not known is said to be that, and none of the authorities'", async () => {
  const cert = await issue(LEAF, middlePair.privateKey);
  const [from, to] = ["06082a8648ce3d040302", "06082a8648ce3d040301"];
  const sha224 = Uint8Array.fromHex(cert.toHex().replaceAll(from, to));
  const problem = ekCertificateProblem(sha224, KEYS.ecc, { authorities: await makers(), nowMs: NOW });
  assert.equal(problem, "has a signature of a kind that is not known here, 1.2.840.10045.4.3.1");
});

Deno.test("readAuthority() takes only certificates that may sign others", async () => {
  const leaf = await issue(LEAF, middlePair.privateKey);
  assert.throws(() => readAuthority(leaf), DerError);
  assert.throws(() => readAuthority(new Uint8Array([0x30, 0])), DerError);
});

Deno.test("no damage to a certificate makes it pass, or fail in another way than it should: truncated and 5,000 times changed", async () => {
  const authorities = await makers();
  const good = await issue(LEAF, middlePair.privateKey);
  const problem = (bytes: Uint8Array) => ekCertificateProblem(bytes, KEYS.ecc, { authorities, nowMs: NOW });
  assert.equal(problem(good), undefined);
  for (let length = 0; length < good.length; length++) assert.notEqual(problem(good.subarray(0, length)), undefined);
  const next = seeded(3);
  // The last bytes are the signature, whose check is node:crypto's.
  for (let i = 0; i < 5000; i++) {
    const bytes = good.slice();
    const at = Math.floor(next() * (good.length - 80));
    bytes[at] = bytes[at]! ^ (1 + Math.floor(next() * 255));
    assert.notEqual(problem(bytes), undefined, `byte ${at}`);
  }
});

Deno.test("fields are read as node:crypto reads them", async () => {
  const root = await issue(ROOT, rootPair.privateKey);
  const { fields: { notBeforeMs, notAfterMs }, key } = readAuthority(root);
  const x509 = new X509Certificate(root);
  assert.deepEqual([notBeforeMs, notAfterMs], [x509.validFromDate.getTime(), x509.validToDate.getTime()]);
  const pem = (of: KeyObject) => of.export({ type: "spki", format: "pem" });
  assert.equal(pem(key!), pem(x509.publicKey));
});
