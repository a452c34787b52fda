/**
 * Writes tests/golden/kube-validation/: what a real kube-apiserver says of objects, right and wrong. Run it after a new
 * kube-apiserver: `deno run -A tests/peers/record_kube_validation.ts`.
 *
 * @module
 */
import { startApiServer, type TestApiServer } from "./apiserver.ts";
import { CHANGED, CREATED } from "./kube_kind_cases.ts";
import { PROBE_CRD } from "./kube_probe_crd.ts";
import { FORMATS, SPECS, STRICT } from "./kube_probe_values.ts";

const FOLDER = new URL("../golden/kube-validation/", import.meta.url);

/** An answer, as the server gave it. */
interface Answer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any
  readonly body: any;
  readonly warnings: string[];
}

async function send(server: TestApiServer, method: string, path: string, body: string): Promise<Answer> {
  using client = Deno.createHttpClient({ caCerts: [server.ca], http2: false });
  const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
  const response = await fetch(server.url + path, { client, method, headers, body });
  const warnings = [...(response.headers.get("warning") ?? "").matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)];
  return { status: response.status, body: await response.json(), warnings: warnings.map(([, text]) => text!) };
}

/** Causes by field: the server gives those of one object's fields in any order. */
function causes({ body }: Answer): unknown[] {
  const all: { field: string; message: string; reason: string }[] = body.details?.causes ?? [];
  const named = all.map(({ reason, field, message }) => ({ reason, field, message }));
  return named.sort((a, b) => `${a.field} ${a.message}` < `${b.field} ${b.message}` ? -1 : 1);
}

async function write(file: string, value: Record<string, unknown>): Promise<void> {
  await Deno.writeTextFile(new URL(file, FOLDER), JSON.stringify(value, null, 1) + "\n");
}

async function recordSchema(server: TestApiServer, from: string): Promise<void> {
  await server.apply(PROBE_CRD);
  const path = "/apis/test.example.com/v1/probes?dryRun=All";
  const probe = (spec: unknown) =>
    JSON.stringify({ apiVersion: "test.example.com/v1", kind: "Probe", metadata: { name: "a" }, spec });
  for (let tries = 0; (await send(server, "POST", path, probe({}))).status === 404; tries++) {
    if (tries === 100) throw new Error("probes are not served after the CRD was installed");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const cases = [];
  for (const [name, spec] of Object.entries(SPECS)) {
    const answer = await send(server, "POST", path, probe(spec));
    const unknown = answer.warnings.map((warning) => warning.replace(/\\(.)/g, "$1"));
    const outcome = answer.status === 201 ? { stored: answer.body.spec } : { causes: causes(answer) };
    if (answer.status !== 201 && answer.body.details?.causes === undefined) {
      throw new Error(JSON.stringify(answer.body));
    }
    cases.push({ name, spec, ...(unknown.length > 0 ? { unknown } : {}), ...outcome });
  }
  const formats = [];
  for (const [format, texts] of Object.entries(FORMATS)) {
    for (const text of texts) {
      const answer = await send(server, "POST", path, probe({ [`f-${format}`]: text }));
      formats.push({ format, text, causes: causes(answer) });
    }
  }
  await write("schema.json", { from, crd: PROBE_CRD, cases, formats });
}

/** What strict field validation says of texts, word by word. */
async function recordStrict(server: TestApiServer, from: string): Promise<void> {
  const cases = [];
  for (const [path, texts] of Object.entries(STRICT)) {
    for (const text of texts) {
      const answer = await send(server, "POST", `${path}?dryRun=All&fieldValidation=Strict`, text);
      cases.push({ path, text, status: answer.status, message: answer.body.message ?? "" });
    }
  }
  await write("strict.json", { from, cases });
}

const PATHS: Readonly<Record<string, string>> = {
  deployments: "/apis/apps/v1/namespaces/default/deployments",
  leases: "/apis/coordination.k8s.io/v1/namespaces/default/leases",
  nodes: "/api/v1/nodes",
  namespaces: "/api/v1/namespaces",
  probes: "/apis/test.example.com/v1/probes",
};

/** What differs from run to run. */
const PASSING = ["managedFields", "uid", "creationTimestamp", "resourceVersion"];

function outcome(answer: Answer): Record<string, unknown> {
  const { status, body } = answer;
  if (status === 422) return { causes: causes(answer) };
  if (status >= 300) return { refused: body.message };
  for (const field of PASSING) delete body.metadata[field];
  return { stored: body };
}

/** What is said of objects of built-in kinds, and of changes of them. */
async function recordKinds(server: TestApiServer, from: string): Promise<void> {
  const cases = [];
  for (const [plural, objects] of Object.entries(CREATED)) {
    const path = PATHS[plural] ?? `/api/v1/namespaces/default/${plural}`;
    for (const [name, object] of Object.entries(objects)) {
      const answer = await send(server, "POST", `${path}?dryRun=All`, JSON.stringify(object));
      cases.push({ plural, name, object, ...outcome(answer) });
    }
  }
  const changes = [];
  for (const [plural, objects] of Object.entries(CHANGED)) {
    const path = PATHS[plural] ?? `/api/v1/namespaces/default/${plural}`;
    for (const [name, [object, changed]] of Object.entries(objects)) {
      const { body: before } = await send(server, "POST", path, JSON.stringify(object));
      // deno-lint-ignore no-explicit-any
      const { metadata, ...rest } = changed as any;
      const { resourceVersion } = before.metadata;
      const after = JSON.stringify({ ...rest, metadata: { resourceVersion, ...metadata } });
      const answer = await send(server, "PUT", `${path}/a?dryRun=All`, after);
      changes.push({ plural, name, before, after: JSON.parse(after), ...outcome(answer) });
      await send(server, "DELETE", `${path}/a`, "{}");
    }
  }
  await write("kinds.json", { from, cases, changes });
}

await using server = await startApiServer();
const { gitVersion } = await server.request("GET", "/version");
const from = `kube-apiserver ${gitVersion}`;
await recordSchema(server, from);
await recordStrict(server, from);
await recordKinds(server, from);
