import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { MemoryLogger } from "../../base/log.ts";
import { mutations } from "../../tests/mutate.ts";
import { startDevRegistry } from "./server.ts";

const BLOB = `sha256:${hash("sha256", "x", "hex")}`;
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  config: { mediaType: "x/y", digest: BLOB, size: 1 },
  layers: [],
});
/** Method and target, a field, body: a line each. */
const REQUESTS = [
  "GET /v2/\n\n",
  "GET /v2/_catalog?n=1&last=a\n\n",
  "GET /v2/a/b/tags/list?n=1\n\n",
  `GET /v2/a/b/blobs/${BLOB}\nRange: bytes=0-0\n`,
  `POST /v2/a/b/blobs/uploads/?digest=${BLOB}\n\nx`,
  `POST /v2/a/c/blobs/uploads/?mount=${BLOB}&from=a/b\n\n`,
  `PUT /v2/a/b/manifests/v1\nContent-Type: application/vnd.oci.image.manifest.v1+json\n${MANIFEST}`,
  `GET /v2/a/b/manifests/v1\nAccept: application/vnd.oci.image.manifest.v1+json\n`,
  `GET /v2/a/b/referrers/${BLOB}?artifactType=x\n\n`,
  "DELETE /v2/a/b/manifests/v1\n\n",
  "PATCH /v2/a/b/blobs/uploads/00000000-0000-0000-0000-000000000000\nContent-Range: 0-0\nx",
];
const PIECES = [
  "",
  "/",
  "..",
  "/../../",
  "%2e%2e%2f",
  "%00",
  "\0",
  "\r\n",
  " ",
  "blobs",
  "index.json",
  ".metalman",
  "999999999",
  "-1",
  "\xff",
  "{",
  "[",
  "null",
  ":",
  "@",
  "?",
  "#",
  "Transfer-Encoding: chunked\r\n",
];

/** HTTP of a text like those above. */
function http(text: string): string {
  const [line = "", field = "", ...body] = text.split("\n");
  const content = body.join("\n");
  const fields = `Host: localhost\r\nContent-Length: ${content.length}\r\n${field === "" ? "" : `${field}\r\n`}`;
  return `${line} HTTP/1.1\r\n${fields}\r\n${content}`;
}

/** Ends whatever the request before it left open, and the connection. */
const LAST = "\r\n\r\nGET /v2/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** Requests at once. */
const BATCH = 100;
/** Longer than the server waits for a body. A request may leave a connection open that says it has more to come. */
const GIVE_UP_MS = 200;

/** What the server says to a request. */
async function say(port: number, request: string): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const bytes = Uint8Array.from(request + LAST, (char) => char.charCodeAt(0));
  const timer = setTimeout(() => connection.close(), GIVE_UP_MS);
  let answer = "";
  try {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    const buffer = new Uint8Array(4096);
    for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
      answer += new TextDecoder().decode(buffer.subarray(0, n));
    }
    connection.close();
  } catch {
    // Either side has closed: what came until then counts.
  } finally {
    clearTimeout(timer);
  }
  return answer;
}

async function* paths(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* paths(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

Deno.test("damaged requests: no answer is the server's fault, and nothing comes to lie outside a layout", async () => {
  const parent = await Deno.makeTempDir({ prefix: "metalman-mutation-" });
  const log = new MemoryLogger();
  {
    await using registry = await startDevRegistry({ folder: `${parent}/images`, log, bodyTimes: { idleMs: 20 } });
    const statuses = new Set<string>();
    const good = REQUESTS.map(http);
    const damaged = [
      ...[...mutations({ texts: REQUESTS, pieces: PIECES, count: 1200, seed: 4 })].map(http),
      ...mutations({ texts: good, pieces: PIECES, count: 300, seed: 4 }),
    ];
    for (let rest = [...good, ...damaged]; rest.length > 0; rest = rest.slice(BATCH)) {
      const batch = rest.slice(0, BATCH);
      const answers = await Promise.all(batch.map((request) => say(registry.port, request)));
      for (const [i, answer] of answers.entries()) {
        for (const [, status] of answer.matchAll(/^HTTP\/1\.\d (\d{3})/gm)) {
          statuses.add(status!);
          assert.notEqual(status![0], "5", JSON.stringify({ request: batch[i], answer }));
        }
      }
    }
    for (const status of ["200", "201", "400", "404", "405"]) assert.ok(statuses.has(status), status);
  }
  assert.deepEqual(log.lines.filter(({ level }) => level === "error"), []);
  const allowed =
    /^images\/(\.metalman\/(lock|new\/[0-9a-f-]{36})|[a-z0-9._/-]+\/(oci-layout|index\.json|blobs\/sha(256|512)\/[0-9a-f]+))$/;
  for await (const path of paths(parent)) assert.match(path.slice(parent.length + 1), allowed);
  await Deno.remove(parent, { recursive: true });
});
