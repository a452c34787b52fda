import { deepEqual, equal, match, ok } from "node:assert/strict";
import { parseTpmPublic } from "../../attest/tpm_public.ts";
import { createTpm } from "../tpm/software_tpm.ts";
import { MemorySite, SERVER } from "./testdata/memory_site.ts";
import { sampleFiles } from "./testdata/sample_image.ts";
import { tokenAnswer } from "./testdata/token_answer.ts";

function newSite(): MemorySite {
  const files = Object.entries(sampleFiles(() => `http://${SERVER}`));
  const image = Object.fromEntries(files.map(([path, file]) => [path, typeof file === "function" ? file() : file]));
  return new MemorySite({ ...image, "cloud-init/user-data": "#cloud-config\n" });
}

type Emulated = ReturnType<MemorySite["machine"]>;

/** Until it runs. */
async function boot(site: MemorySite, machine: Emulated): Promise<void> {
  await machine.reset();
  await site.clock.until(() => machine.stage === "running" || machine.stage === "failed");
}

function said(site: MemorySite): string[] {
  return site.events.map(({ detail }) => detail);
}

Deno.test("an installed machine shows its TPM at its first start, and keeps the token (contract 10)", async () => {
  const site = newSite();
  const seen: string[] = [];
  site.attest = (body) => {
    const { ekPub } = JSON.parse(new TextDecoder().decode(body)) as { ekPub: string };
    seen.push(parseTpmPublic(Uint8Array.fromBase64(ekPub)).name.toHex());
    return tokenAnswer(body);
  };
  const machine = site.machine(1);
  await boot(site, machine);
  match(said(site).at(-1)!, /^image [0-9a-f]{12}, bootstrap token in hand$/);
  await boot(site, machine);
  equal(seen.length, 1);
  match(said(site).at(-1)!, /token in hand$/);

  machine.bootOnce = "network";
  await boot(site, machine);
  equal(seen.length, 2, "another installation has no token");
  equal(seen[1], seen[0], "the TPM is the same");
  await machine.powerOff();
});

const someoneElses = createTpm();
const forAnother = JSON.stringify({
  ekPub: someoneElses.ekPub.toBase64(),
  srkPub: someoneElses.srkPub.toBase64(),
});
const REFUSALS: readonly (readonly [name: string, answer: MemorySite["attest"], detail: RegExp])[] = [
  ["refuses", () => ({ status: 403, text: "another key\n" }), /^no bootstrap token: .*403.*another key/],
  ["answers with junk", () => ({ status: 200, text: "{}" }), /^no bootstrap token: the TPM cannot open the answer/],
  [
    "answers to another TPM",
    () => tokenAnswer(new TextEncoder().encode(forAnother)),
    /^no bootstrap token: the TPM cannot open the answer: the credential is for another key$/,
  ],
];
for (const [name, answer, detail] of REFUSALS) {
  Deno.test(`a machine runs without a token when the server ${name}, and asks again at its next start`, async () => {
    const site = newSite();
    site.attest = answer;
    const machine = site.machine(1);
    await boot(site, machine);
    equal(machine.stage, "running");
    ok(said(site).some((line) => detail.test(line)), said(site).slice(-4).join("\n"));
    ok(!said(site).at(-1)!.includes("token"));
    site.attest = tokenAnswer;
    await boot(site, machine);
    match(said(site).at(-1)!, /token in hand$/);
    deepEqual(site.asked.filter((asked) => asked === "POST /attest").length, 2);
    await machine.powerOff();
  });
}
