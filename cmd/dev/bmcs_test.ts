import { deepEqual, equal, notEqual } from "node:assert/strict";
import { keptCertificate } from "./bmcs.ts";

const NOW_MS = Date.parse("2026-01-01T00:00:00Z");

async function temporary(run: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "dev-bmcs-test-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the BMCs of a later run show the certificate that was pinned; its key is the user's alone", () =>
  temporary(async (folder) => {
    const made = await keptCertificate(`${folder}/bmc.json`, NOW_MS);
    deepEqual(await keptCertificate(`${folder}/bmc.json`, NOW_MS), made);
    equal((await Deno.stat(`${folder}/bmc.json`)).mode! & 0o777, 0o600);
    deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["bmc.json"]);
  }));

Deno.test("a loss of power at any moment leaves no part of a certificate: the file is replaced, never written to", () =>
  temporary(async (folder) => {
    const path = `${folder}/bmc.json`;
    await Deno.writeTextFile(path, "{");
    using before = await Deno.open(path);
    notEqual((await keptCertificate(path, NOW_MS)).certPem, "");
    equal(await new Response(before.readable).text(), "{");
  }));
