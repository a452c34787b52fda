/** A TPM that we did not write (swtpm), and a client of POST /attest made of tpm2-tools. */
import { createDecipheriv } from "node:crypto";
import { ATTRIBUTE, parseTpmPublic } from "../../attest/tpm_public.ts";
import { Peer, run } from "./peer.ts";

/** What a test with such a TPM needs installed. */
export const TPM_PROGRAMS = [
  "swtpm",
  "swtpm_setup",
  "swtpm_localca",
  "tpm2_createek",
  "tpm2_createprimary",
  "tpm2_readpublic",
  "tpm2_startauthsession",
  "tpm2_policysecret",
  "tpm2_activatecredential",
  "tpm2_flushcontext",
  "tpm2_nvread",
] as const;

/** Where keys are, as swtpm_setup leaves them (TCG TPM v2.0 Provisioning Guidance, 7.8). */
const MADE = {
  rsa: { handle: "0x81010001", certificate: "0x1c00002" },
  ecc: { handle: "0x81010016", certificate: "0x1c00016" },
} as const;
const STORAGE = "restricted|decrypt|fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda";
/** Of the file that tpm2_activatecredential reads. */
const CREDENTIAL_HEAD = [0xba, 0xdc, 0xc0, 0xde, 0, 0, 0, 1];

/** The keys of a TPM as a client uses them. */
export interface TpmKeys {
  /** TPM2B_PUBLIC of the endorsement key. */
  readonly ekPub: Uint8Array;
  /** TPM2B_PUBLIC of the storage key. */
  readonly srkPub: Uint8Array;
  /** Context or handle of the endorsement key, for tpm2-tools. */
  readonly ek: string;
  /** DER, where there is one. */
  readonly ekCert?: Uint8Array;
}

/** A TPM with the certificates of a maker of its own. */
export class TestTpm implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #folder: string;
  readonly #env: Record<string, string>;

  private constructor(stack: AsyncDisposableStack, folder: string) {
    this.#stack = stack;
    this.#folder = folder;
    this.#env = { TPM2TOOLS_TCTI: `swtpm:path=${folder}/socket` };
  }

  /** Makes one and switches it on. */
  static async create(): Promise<TestTpm> {
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "metalman-tpm-" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const files = ["signingkey = signkey.pem", "issuercert = issuercert.pem", "certserial = certserial"];
    const inFolder = files.map((line) => line.replace("= ", `= ${folder}/ca/`));
    await Deno.mkdir(`${folder}/ca`);
    await Deno.writeTextFile(`${folder}/ca.conf`, [`statedir = ${folder}/ca`, ...inFolder, ""].join("\n"));
    await Deno.writeTextFile(
      `${folder}/ca.options`,
      "--platform-manufacturer A\n--platform-version 1\n--platform-model B\n",
    );
    const tool = [
      "tool = /usr/bin/swtpm_localca",
      `tool_config = ${folder}/ca.conf`,
      `tool_options = ${folder}/ca.options`,
    ];
    await Deno.writeTextFile(`${folder}/setup.conf`, tool.map((line) => `create_certs_${line}\n`).join(""));
    const setup = [
      "--tpm2",
      "--tpmstate",
      folder,
      "--config",
      `${folder}/setup.conf`,
      "--create-ek-cert",
      "--lock-nvram",
    ];
    await run("swtpm_setup", setup);
    stack.use(
      new Peer("swtpm", [
        ...["socket", "--tpm2", "--tpmstate", `dir=${folder}`, "--flags", "startup-clear,not-need-init"],
        ...["--server", `type=unixio,path=${folder}/socket`, "--ctrl", `type=unixio,path=${folder}/socket.ctrl`],
      ]),
    );
    const tpm = new TestTpm(stack.move(), folder);
    await tpm.#listens();
    return tpm;
  }

  /** swtpm says nothing when it is ready. */
  async #listens(): Promise<void> {
    for (let tries = 0;; tries++) {
      try {
        using _socket = await Deno.connect({ transport: "unix", path: `${this.#folder}/socket.ctrl` });
        return;
      } catch (error) {
        if (tries === 500) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** PEM of its maker's root and intermediate certificates. */
  async makerPem(): Promise<string> {
    const names = ["issuercert.pem", "swtpm-localca-rootca-cert.pem"];
    return (await Promise.all(names.map((name) => Deno.readTextFile(`${this.#folder}/ca/${name}`)))).join("");
  }

  /** Runs one of tpm2-tools in the TPM's folder, and clears the TPM of what it left. */
  async #tool(name: string, ...args: string[]): Promise<void> {
    await run(`tpm2_${name}`, args, { cwd: this.#folder, env: this.#env });
    await run("tpm2_flushcontext", ["-t"], { cwd: this.#folder, env: this.#env });
  }

  #read(name: string): Promise<Uint8Array> {
    return Deno.readFile(`${this.#folder}/${name}`);
  }

  /** A newly created endorsement key, as tpm2_createek calls its algorithms, and a storage key. */
  async createKeys(ek: string, srk = "rsa"): Promise<TpmKeys> {
    await this.#tool("createek", "-G", ek, "-c", "ek.ctx", "-u", "ek.pub");
    return { ekPub: await this.#read("ek.pub"), srkPub: await this.#storageKey(srk), ek: "ek.ctx" };
  }

  /** The endorsement key that the maker has put in, with its certificate from non-volatile memory. */
  async readKeys(kind: keyof typeof MADE): Promise<TpmKeys> {
    const { handle, certificate } = MADE[kind];
    await this.#tool("readpublic", "-c", handle, "-o", "ek.pub");
    await this.#tool("nvread", certificate, "-C", "o", "-o", "ek.der");
    const srkPub = await this.#storageKey("ecc");
    return { ekPub: await this.#read("ek.pub"), srkPub, ek: handle, ekCert: await this.#read("ek.der") };
  }

  async #storageKey(algorithm: string): Promise<Uint8Array> {
    await this.#tool("createprimary", "-C", "o", "-G", algorithm, "-a", STORAGE, "-c", "srk.ctx");
    await this.#tool("readpublic", "-c", "srk.ctx", "-o", "srk.pub");
    return await this.#read("srk.pub");
  }

  /** PEM of a key as the TPM's tools write it. */
  async ekPem({ ek }: TpmKeys): Promise<string> {
    await this.#tool("readpublic", "-c", ek, "-f", "pem", "-o", "ek.pem");
    return new TextDecoder().decode(await this.#read("ek.pem"));
  }

  /** What is in a credential: TPM2_ActivateCredential, under the policy of endorsement keys where they have no password. */
  async activate({ ek, ekPub }: TpmKeys, credentialBlob: Uint8Array, encryptedSecret: Uint8Array): Promise<Uint8Array> {
    const file = new Uint8Array([...CREDENTIAL_HEAD, ...credentialBlob, ...encryptedSecret]);
    await Deno.writeFile(`${this.#folder}/credential`, file);
    const options = { cwd: this.#folder, env: this.#env };
    const open = ["-c", "srk.ctx", "-C", ek, "-i", "credential", "-o", "secret"];
    if ((parseTpmPublic(ekPub).attributes & ATTRIBUTE.userWithAuth) === 0) {
      await run("tpm2_startauthsession", ["--policy-session", "-S", "session.ctx"], options);
      await run("tpm2_policysecret", ["-S", "session.ctx", "-c", "e"], options);
      open.push("-P", "session:session.ctx");
    }
    try {
      await this.#tool("activatecredential", ...open);
    } finally {
      await run("tpm2_flushcontext", ["-l"], options);
    }
    return await this.#read("secret");
  }

  /** Switches it off. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** The body of POST /attest (contract 10). */
export function attestBody({ ekPub, srkPub, ekCert }: Pick<TpmKeys, "ekPub" | "srkPub" | "ekCert">): string {
  return JSON.stringify({
    ekPub: ekPub.toBase64(),
    srkPub: srkPub.toBase64(),
    ...(ekCert === undefined ? {} : { ekCert: ekCert.toBase64() }),
  });
}

/** What the answer to POST /attest has in it, opened as a client does (contract 10). */
export async function openAnswer(tpm: TestTpm, keys: TpmKeys, text: string): Promise<{ token: string; ca: string }> {
  const answer = JSON.parse(text) as Record<string, string>;
  const bytes = (name: string) => Uint8Array.fromBase64(answer[name]!);
  const key = await tpm.activate(keys, bytes("credentialBlob"), bytes("encryptedSecret"));
  const sealed = bytes("encryptedToken");
  const cipher = createDecipheriv("aes-256-gcm", key, bytes("gcmNonce"));
  cipher.setAuthTag(sealed.subarray(-16));
  const token = cipher.update(sealed.subarray(0, -16)).toString() + cipher.final().toString();
  return { token, ca: answer.clusterCA! };
}
