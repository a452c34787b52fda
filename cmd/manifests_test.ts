/** What the executable prints is what lies in deploy/ (issue 7, part 4). */
import { deepEqual, equal, match } from "node:assert/strict";
import { load, loadAll } from "js-yaml";
import { MANIFEST_PARTS } from "./manifest_settings.ts";
import { manifests } from "./manifests.ts";
import type { Io } from "./io.ts";
import { runCommand } from "./root.ts";

const DEPLOY = new URL("../deploy/", import.meta.url);
const read = (name: string) => Deno.readTextFileSync(new URL(name, DEPLOY));

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

function objects(text: string): Named[] {
  return loadAll(text) as Named[];
}

async function call(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const io: Io = {
    stdout: (text) => void (said.out += text),
    stderr: (text) => void (said.err += text),
    env: () => undefined,
    signal: new AbortController().signal,
    keep: () => Promise.resolve(),
    calledAs: "metalman",
    terminal: () => undefined,
    ask: () => Promise.resolve(undefined),
  };
  return { code: await runCommand(args, io), ...said };
}

Deno.test("manifests prints every file that kustomization.yaml lists, as it is and in its order", async () => {
  const { resources } = load(read("kustomization.yaml")) as { resources: string[] };
  const { code, out } = await call("manifests");
  equal(code, 0);
  equal(out, resources.map(read).join("---\n"));
});

Deno.test("every file of deploy/ is printed by a part, or is kustomization.yaml", () => {
  const files = Array.from(Deno.readDirSync(DEPLOY), ({ name }) => name).filter((name) =>
    name !== "kustomization.yaml"
  );
  const printed = MANIFEST_PARTS.filter((part) => part !== "all").map((part) => manifests({ part, output: "yaml" }));
  const kept = files.filter((name) => printed.some((text) => text.includes(read(name))));
  deepEqual(kept.sort(), files.sort());
});

Deno.test("what manifests prints can be applied from the top: a namespace comes before what is in it", () => {
  const made = new Set(["default", "kube-public", "kube-system"]);
  for (const { kind, metadata: { name, namespace } } of objects(manifests({ part: "all", output: "yaml" }))) {
    if (kind === "Namespace") made.add(name);
    if (namespace !== undefined) equal(made.has(namespace), true, `${kind} ${namespace}/${name}`);
  }
});

Deno.test("manifests -o json holds the same objects as the YAML, in a List where there are several", async () => {
  for (const part of MANIFEST_PARTS) {
    const wanted = objects(manifests({ part, output: "yaml" }));
    const { out } = await call("manifests", part, "-o", "json");
    const { kind, items } = JSON.parse(out);
    deepEqual(kind === "List" ? items : [JSON.parse(out)], wanted);
  }
});

Deno.test("manifests refuses what it does not know, with what there is", async () => {
  const part = await call("manifests", "everything");
  equal(part.code, 2);
  match(part.err, /^Error: there is no "everything": want one of crd, namespace, rbac, example, all\n/);
  const output = await call("manifests", "-o", "name");
  equal(output.code, 2);
  match(output.err, /"name" for "--output": want one of yaml, json\n/);
});
