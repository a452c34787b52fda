/**
 * Records credentials that tpm2-tools made, to endorsement keys whose private halves are known: `deno run -A
 * tests/peers/record_attest.ts [NAME ...]`. With the private half the seed that the tool chose comes to light, and from it all
 * else follows.
 */
import { generateKeyPairSync } from "node:crypto";
import { ByteWriter } from "../../base/bytes.ts";
import { Peer, run } from "./peer.ts";

/** How a key is made. */
interface Case {
  readonly name: string;
  readonly type: "rsa" | "ecc";
  /** Modulus length, or TPM_ECC_CURVE. */
  readonly size: number;
  readonly nameAlg: number;
  readonly aesBits: number;
}

const CASES: readonly Case[] = [
  { name: "rsa-2048-sha256", type: "rsa", size: 2048, nameAlg: 0x000b, aesBits: 128 },
  { name: "rsa-3072-sha384", type: "rsa", size: 3072, nameAlg: 0x000c, aesBits: 256 },
  { name: "rsa-4096-sha512", type: "rsa", size: 4096, nameAlg: 0x000d, aesBits: 256 },
  { name: "ecc-p256-sha256", type: "ecc", size: 3, nameAlg: 0x000b, aesBits: 128 },
  { name: "ecc-p384-sha384", type: "ecc", size: 4, nameAlg: 0x000c, aesBits: 256 },
];
/** The emulator's RSA keys end at 3072 bits; of longer ones the tool makes the credential itself. */
const isInTpm = ({ size }: Case) => size < 4096;
const FOLDER = new URL("../golden/attest/", import.meta.url).pathname;
const SECRET = Uint8Array.from({ length: 32 }, (_, i) => 0xa0 + i);

function publicArea({ type, size, nameAlg, aesBits }: Case, jwk: JsonWebKey): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(1024));
  const sized = (bytes: Uint8Array) => {
    writer.u16(bytes.length);
    writer.bytes(bytes);
  };
  const member = (text = "") => Uint8Array.fromBase64(text, { alphabet: "base64url" });
  writer.u16(type === "rsa" ? 0x0001 : 0x0023);
  writer.u16(nameAlg);
  writer.u32(0x000300b2);
  sized(new Uint8Array(0));
  for (const value of [0x0006, aesBits, 0x0043, 0x0010, size]) writer.u16(value);
  if (type === "rsa") {
    writer.u32(0);
    sized(member(jwk.n));
  } else {
    writer.u16(0x0010);
    sized(member(jwk.x));
    sized(member(jwk.y));
  }
  const area = writer.written();
  return new Uint8Array([area.length >> 8, area.length & 0xff, ...area]);
}

await using stack = new AsyncDisposableStack();
const folder = await Deno.makeTempDir();
stack.defer(() => Deno.remove(folder, { recursive: true }));
const [port, control] = [24310, 24311];
const swtpm = new Peer("swtpm", [
  ...["socket", "--tpm2", "--tpmstate", `dir=${folder}`, "--flags", "startup-clear"],
  ...["--server", `type=tcp,port=${port},bindaddr=127.0.0.1`, "--ctrl", `type=tcp,port=${control},bindaddr=127.0.0.1`],
]);
stack.use(swtpm);
const env = { TPM2TOOLS_TCTI: `swtpm:host=127.0.0.1,port=${port}` };

/** As the TPM computes it, or, where it cannot, openssl. */
async function nameOf(wanted: Case, ekPub: Uint8Array): Promise<string> {
  if (isInTpm(wanted)) {
    const key = ["-C", "e", "-u", `${folder}/ek.pub`, "-c", `${folder}/ek.ctx`, "-n", `${folder}/name`];
    await run("tpm2_loadexternal", key, { env });
    await run("tpm2_flushcontext", ["-t"], { env });
    return (await Deno.readFile(`${folder}/name`)).toHex();
  }
  await Deno.writeFile(`${folder}/area`, ekPub.subarray(2));
  const digest = await run("openssl", ["dgst", "-sha512", "-r", `${folder}/area`]);
  return `000d${digest.split(" ")[0]}`;
}

for (const wanted of CASES.filter(({ name }) => Deno.args.length === 0 || Deno.args.includes(name))) {
  const pair = wanted.type === "rsa"
    ? generateKeyPairSync("rsa", { modulusLength: wanted.size })
    : generateKeyPairSync("ec", { namedCurve: wanted.size === 3 ? "P-256" : "P-384" });
  const ekPub = publicArea(wanted, pair.publicKey.export({ format: "jwk" }) as JsonWebKey);
  await Deno.writeFile(`${folder}/ek.pub`, ekPub);
  await Deno.writeFile(`${folder}/secret`, SECRET);
  const object = ["000b", ...new Uint8Array(32).fill(0x5a).toHex().match(/../g)!].join("");
  const ekName = await nameOf(wanted, ekPub);
  const out = ["-o", `${folder}/credential`];
  const where = isInTpm(wanted) ? [] : ["-T", "none"];
  const wrapped = ["-u", `${folder}/ek.pub`, "-s", `${folder}/secret`, "-n", object];
  await run("tpm2_makecredential", [...where, ...wrapped, ...out], { env });
  await run("tpm2_flushcontext", ["-t"], { env });
  // tpm2-tools' own file: magic and version, then TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET.
  const made = (await Deno.readFile(`${folder}/credential`)).subarray(8);
  const blobEnd = 2 + (made[0]! << 8 | made[1]!);
  await Deno.writeTextFile(
    `${FOLDER}${wanted.name}.json`,
    JSON.stringify(
      {
        privateKey: pair.privateKey.export({ format: "pem", type: "pkcs8" }),
        ekPub: ekPub.toHex(),
        ekName,
        objectName: object,
        secret: SECRET.toHex(),
        credentialBlob: made.subarray(0, blobEnd).toHex(),
        encryptedSecret: made.subarray(blobEnd).toHex(),
      },
      null,
      2,
    ) + "\n",
  );
}
