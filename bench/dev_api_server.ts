/** The API server of `metalman dev` alone, in a process of its own; writes how it is reached into the file that it is told. */
import { load } from "js-yaml";
import { createLogger } from "../base/log.ts";
import type { JsonObject } from "../dev/apiserver/object.ts";
import { startDevApiServer } from "../dev/apiserver/server.ts";

const CRD = new URL("../deploy/crd.yaml", import.meta.url);

if (import.meta.main) {
  const [file = "access.json"] = Deno.args;
  const crd = load(await Deno.readTextFile(CRD)) as JsonObject;
  const { url, token, caPem: ca } = await startDevApiServer({ crds: [crd], log: createLogger() });
  // Whoever finds the file finds all of it.
  await Deno.writeTextFile(`${file}.new`, JSON.stringify({ url, token, ca }));
  await Deno.rename(`${file}.new`, file);
}
