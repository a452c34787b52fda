import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { MemoryLogger } from "../../base/log.ts";
import { PortInUse } from "../../pxe/bind_error.ts";
import { RegistryFolderError } from "./layout_store.ts";
import { type DevRegistry, type DevRegistryOptions, startDevRegistry } from "./server.ts";

const OCI = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const digestOf = (text: string) => `sha256:${hash("sha256", text, "hex")}`;
const NOWHERE = digestOf("nowhere");

/** A registry in a folder of its own, and the few things that clients do. */
class Client implements AsyncDisposable {
  readonly registry: DevRegistry;
  readonly folder: string;
  readonly log: MemoryLogger;

  private constructor(registry: DevRegistry, folder: string, log: MemoryLogger) {
    this.registry = registry;
    this.folder = folder;
    this.log = log;
  }

  static async start(options: Partial<DevRegistryOptions> = {}): Promise<Client> {
    const folder = await Deno.makeTempDir({ prefix: "metalman-registry-" });
    const log = new MemoryLogger();
    return new Client(await startDevRegistry({ folder, log, ...options }), folder, log);
  }

  /** `GET a/tags/list` and what comes of it. */
  async ask(line: string, init: RequestInit = {}) {
    const [method, path] = line.split(" ");
    const url = path!.startsWith("/") ? path : `/v2/${path}`;
    const response = await fetch(`http://${this.registry.host}${url}`, { method: method!, ...init });
    const text = await response.text();
    const errors = response.status >= 400 && text !== "" ? JSON.parse(text).errors : [];
    return { status: response.status, headers: response.headers, text, code: errors[0]?.code as string | undefined };
  }

  async pushBlob(name: string, text: string): Promise<string> {
    const digest = digestOf(text);
    assert.equal((await this.ask(`POST ${name}/blobs/uploads/?digest=${digest}`, { body: text })).status, 201);
    return digest;
  }

  async pushManifest(name: string, reference: string, more: object = {}, type = OCI) {
    const config = {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: await this.pushBlob(name, "{}"),
      size: 2,
    };
    const layer = { mediaType: "application/octet-stream", digest: await this.pushBlob(name, "layer"), size: 5 };
    const text = JSON.stringify({ schemaVersion: 2, mediaType: type, config, layers: [layer], ...more });
    const headers = { "Content-Type": type };
    const target = reference === "" ? digestOf(text) : reference;
    const answer = await this.ask(`PUT ${name}/manifests/${target}`, { body: text, headers });
    return { text, digest: digestOf(text), size: text.length, answer };
  }

  async [Symbol.asyncDispose]() {
    await this.registry[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("end-1: the API says that it is there", async () => {
  await using client = await Client.start();
  const { status, headers, text } = await client.ask("GET /v2/");
  assert.deepEqual([status, text, headers.get("docker-distribution-api-version")], [200, "{}", "registry/2.0"]);
});

Deno.test("a web page's requests are refused", async () => {
  await using client = await Client.start();
  const { status, code } = await client.ask("POST a/blobs/uploads/", { headers: { Origin: "http://evil.example" } });
  assert.deepEqual([status, code], [403, "DENIED"]);
});

Deno.test("end-2: a blob whole, in part and not at all (RFC 9110 14)", async () => {
  await using client = await Client.start();
  const digest = await client.pushBlob("a", "0123456789");
  const path = `a/blobs/${digest}`;
  const cases: readonly (readonly [range: string, status: number, text: string, contentRange: string | null])[] = [
    ["", 200, "0123456789", null],
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-1", 206, "9", "bytes 9-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["lines=1", 200, "0123456789", null],
  ];
  for (const [range, status, text, contentRange] of cases) {
    const answer = await client.ask(`GET ${path}`, range === "" ? {} : { headers: { Range: range } });
    assert.deepEqual([answer.status, answer.text, answer.headers.get("content-range")], [status, text, contentRange]);
    assert.equal(answer.headers.get("docker-content-digest"), digest);
  }
  const head = await client.ask(`HEAD ${path}`);
  assert.deepEqual([head.status, head.headers.get("content-length"), head.text], [200, "10", ""]);
  assert.deepEqual((await client.ask(`GET a/blobs/${NOWHERE}`)).code, "BLOB_UNKNOWN");
  assert.deepEqual((await client.ask(`GET b/blobs/${digest}`)).code, "NAME_UNKNOWN");
  const empty = await client.pushBlob("a", "");
  assert.deepEqual([(await client.ask(`GET a/blobs/${empty}`)).text], [""]);
});

Deno.test("end-3, end-7: a manifest by tag and by digest, with the type it came with", async () => {
  await using client = await Client.start();
  for (const type of [OCI, "application/vnd.docker.distribution.manifest.v2+json"]) {
    const { text, digest, answer } = await client.pushManifest("a/b", "v1", {}, type);
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.headers.get("location"), `/v2/a/b/manifests/${digest}`);
    assert.equal(answer.headers.get("docker-content-digest"), digest);
    for (const reference of ["v1", digest]) {
      const found = await client.ask(`GET a/b/manifests/${reference}`, { headers: { Accept: `${type}, x/y` } });
      assert.deepEqual([found.status, found.text, found.headers.get("content-type")], [200, text, type]);
      const head = await client.ask(`HEAD a/b/manifests/${reference}`);
      assert.deepEqual([head.headers.get("docker-content-digest"), head.headers.get("content-length")], [
        digest,
        String(text.length),
      ]);
    }
    const other = await client.ask("GET a/b/manifests/v1", { headers: { Accept: INDEX } });
    assert.deepEqual([other.status, other.code], [404, "MANIFEST_UNKNOWN"]);
  }
  assert.deepEqual(client.log.lines.map(({ message, fields }) => [message, fields.repository, fields.tag]), [
    ["image pushed", "a/b", "v1"],
    ["image pushed", "a/b", "v1"],
  ]);
});

Deno.test("end-7: what is no manifest, or leads to nothing, is refused and leaves nothing", async () => {
  await using client = await Client.start();
  await client.pushManifest("a", "v1");
  const put = (body: BodyInit, reference = "x", type = OCI) =>
    client.ask(`PUT a/manifests/${reference}`, { body, headers: { "Content-Type": type } });
  const missing = { mediaType: "x/y", digest: NOWHERE, size: 1 };
  const there = { mediaType: "x/y", digest: digestOf("layer"), size: 5 };
  const image = (config: object, layers: object[]) => JSON.stringify({ schemaVersion: 2, config, layers });
  const cases:
    readonly (readonly [name: string, answer: Promise<{ status: number; code: string | undefined }>, code: string])[] =
      [
        ["not JSON", put("{"), "MANIFEST_INVALID"],
        ["another type", put(image(there, []), "x", "text/html"), "MANIFEST_INVALID"],
        ["a config that is not there", put(image(missing, [])), "MANIFEST_BLOB_UNKNOWN"],
        ["a layer that is not there", put(image(there, [there, missing])), "MANIFEST_BLOB_UNKNOWN"],
        ["a layer of another size", put(image(there, [{ ...there, size: 6 }])), "MANIFEST_INVALID"],
        [
          "a child that is not there",
          put(JSON.stringify({ schemaVersion: 2, manifests: [missing] }), "x", INDEX),
          "MANIFEST_BLOB_UNKNOWN",
        ],
        ["another digest", put(image(there, []), NOWHERE), "DIGEST_INVALID"],
        ["4 MiB and a byte", put(" ".repeat(4 * 2 ** 20 + 1)), "SIZE_INVALID"],
      ];
  for (const [name, answer, code] of cases) {
    assert.equal((await answer).code, code, name);
  }
  assert.equal((await client.ask("GET a/manifests/x")).status, 404);
  assert.deepEqual([...Deno.readDirSync(`${client.folder}/.metalman/new`)], []);
});

Deno.test("end-4a, end-5, end-6, end-13: a blob in pieces, each at its place", async () => {
  await using client = await Client.start();
  const begun = await client.ask("POST a/blobs/uploads/");
  assert.deepEqual([begun.status, begun.headers.get("range")], [202, "0-0"]);
  const at = begun.headers.get("location")!;
  const piece = (body: string, range: string) =>
    client.ask(`PATCH ${at}`, {
      body,
      headers: { "Content-Range": range, "Content-Type": "application/octet-stream" },
    });
  const first = await piece("0123", "0-3");
  assert.deepEqual([first.status, first.headers.get("range"), first.headers.get("location")], [202, "0-3", at]);
  for (
    const [body, range, status] of [["0123", "0-3", 416], ["89", "8-9", 416], ["45", "x", 416], ["", "4-4", 416], [
      "4567",
      "4-5",
      416,
    ]] as const
  ) {
    assert.equal((await piece(body, range)).status, status, range);
  }
  const status = await client.ask(`GET ${at}`);
  assert.equal(status.status, 204);
  const have = Number(status.headers.get("range")!.split("-")[1]) + 1;
  assert.equal((await client.ask(`PATCH ${at}`, { body: "0123456789".slice(have, 8) })).headers.get("range"), "0-7");
  const digest = digestOf("0123456789");
  const done = await client.ask(`PUT ${at}?digest=${digest}`, { body: "89", headers: { "Content-Range": "8-9" } });
  assert.deepEqual([done.status, done.headers.get("location")], [201, `/v2/a/blobs/${digest}`]);
  assert.equal((await client.ask(`GET a/blobs/${digest}`)).text, "0123456789");
  assert.equal((await client.ask(`GET ${at}`)).code, "BLOB_UPLOAD_UNKNOWN");
});

Deno.test("end-4b, end-6: bytes of another digest are refused and forgotten", async () => {
  await using client = await Client.start();
  const single = await client.ask(`POST a/blobs/uploads/?digest=${NOWHERE}`, { body: "x" });
  assert.deepEqual([single.status, single.code], [400, "DIGEST_INVALID"]);
  const at = (await client.ask("POST a/blobs/uploads/")).headers.get("location")!;
  assert.equal((await client.ask(`PUT ${at}?digest=${NOWHERE}`, { body: "x" })).code, "DIGEST_INVALID");
  assert.equal((await client.ask(`GET ${at}`)).status, 404);
  assert.equal((await client.ask("GET a/tags/list")).code, "NAME_UNKNOWN");
  assert.deepEqual([...Deno.readDirSync(`${client.folder}/.metalman/new`)], []);
});

Deno.test("sha512 digests are kept, too (image-spec, descriptor.md)", async () => {
  await using client = await Client.start();
  const digest = `sha512:${hash("sha512", "x", "hex")}`;
  assert.equal((await client.ask(`POST a/blobs/uploads/?digest=${digest}`, { body: "x" })).status, 201);
  assert.equal((await client.ask(`GET a/blobs/${digest}`)).text, "x");
  const wrong = `sha512:${hash("sha512", "y", "hex")}`;
  assert.equal((await client.ask(`POST a/blobs/uploads/?digest=${wrong}`, { body: "x" })).code, "DIGEST_INVALID");
});

Deno.test("end-14: an upload that is given up is gone; one repository has not another's", async () => {
  await using client = await Client.start();
  const at = (await client.ask("POST a/blobs/uploads/")).headers.get("location")!;
  assert.equal((await client.ask(`DELETE ${at.replace("/a/", "/b/")}`)).code, "BLOB_UPLOAD_UNKNOWN");
  assert.equal((await client.ask(`DELETE ${at}`)).status, 204);
  assert.equal((await client.ask(`PATCH ${at}`, { body: "x" })).status, 404);
});

Deno.test("end-11: a blob of another repository needs no upload; where it is not there, an upload begins", async () => {
  await using client = await Client.start();
  const digest = await client.pushBlob("a", "x");
  const mounted = await client.ask(`POST b/blobs/uploads/?mount=${digest}&from=a`);
  assert.deepEqual([mounted.status, mounted.headers.get("location")], [201, `/v2/b/blobs/${digest}`]);
  assert.equal((await client.ask(`GET b/blobs/${digest}`)).text, "x");
  for (const query of [`mount=${NOWHERE}&from=a`, `mount=${digest}&from=none`, `mount=${digest}`]) {
    const begun = await client.ask(`POST c/blobs/uploads/?${query}`);
    assert.equal(begun.status, 202, query);
    assert.equal((await client.ask(`DELETE ${begun.headers.get("location")}`)).status, 204);
  }
});

Deno.test("end-8: tags in pages; the repositories, too", async () => {
  await using client = await Client.start();
  for (const tag of ["b", "C", "a"]) await client.pushManifest("x/y", tag);
  await client.pushManifest("x", "latest");
  const first = await client.ask("GET x/y/tags/list?n=2");
  assert.deepEqual(JSON.parse(first.text), { name: "x/y", tags: ["a", "b"] });
  const next = /<(.*)>; rel="next"/.exec(first.headers.get("link")!)![1]!;
  assert.deepEqual(JSON.parse((await client.ask(`GET ${next}`)).text).tags, ["C"]);
  assert.deepEqual(JSON.parse((await client.ask("GET _catalog")).text), { repositories: ["x", "x/y"] });
  // What lies among a layout's blobs is none of the registry's names.
  await Deno.mkdir(`${client.folder}/x/blobs/inner`);
  await Deno.writeTextFile(`${client.folder}/x/blobs/inner/oci-layout`, "{}");
  assert.deepEqual(JSON.parse((await client.ask("GET _catalog?n=5")).text), { repositories: ["x", "x/y"] });
  assert.equal((await client.ask("GET none/tags/list")).code, "NAME_UNKNOWN");
});

Deno.test("end-9, end-10: a tag goes alone, a manifest with its tags, a blob for itself", async () => {
  await using client = await Client.start();
  const { digest } = await client.pushManifest("a", "v1");
  await client.pushManifest("a", "v2");
  assert.equal((await client.ask("DELETE a/manifests/v1")).status, 202);
  assert.equal((await client.ask("GET a/manifests/v1")).code, "MANIFEST_UNKNOWN");
  assert.equal((await client.ask(`GET a/manifests/${digest}`)).status, 200);
  assert.equal((await client.ask(`DELETE a/manifests/${digest}`)).status, 202);
  for (const reference of ["v2", digest]) assert.equal((await client.ask(`GET a/manifests/${reference}`)).status, 404);
  assert.equal((await client.ask(`DELETE a/manifests/${digest}`)).code, "MANIFEST_UNKNOWN");
  assert.deepEqual(JSON.parse((await client.ask("GET a/tags/list")).text).tags, []);
  const blob = digestOf("layer");
  assert.equal((await client.ask(`DELETE a/blobs/${blob}`)).status, 202);
  assert.equal((await client.ask(`DELETE a/blobs/${blob}`)).code, "BLOB_UNKNOWN");
});

Deno.test("end-12: what is attached to a manifest, which may come later", async () => {
  await using client = await Client.start();
  const subject = { mediaType: OCI, digest: NOWHERE, size: 1 };
  const signature = await client.pushManifest("a", "", {
    subject,
    artifactType: "x/signature",
    annotations: { by: "me" },
  });
  assert.equal(signature.answer.headers.get("oci-subject"), NOWHERE);
  await client.pushManifest("a", "sbom", { subject });
  await client.pushManifest("a", "other");
  const all = await client.ask(`GET a/referrers/${NOWHERE}`);
  assert.equal(all.headers.get("content-type"), INDEX);
  const { manifests } = JSON.parse(all.text);
  assert.deepEqual(manifests.map((entry: { artifactType: string }) => entry.artifactType), [
    "x/signature",
    "application/vnd.oci.image.config.v1+json",
  ]);
  assert.deepEqual(manifests[0], {
    mediaType: OCI,
    digest: signature.digest,
    size: signature.size,
    artifactType: "x/signature",
    annotations: { by: "me" },
  });
  const some = await client.ask(`GET a/referrers/${NOWHERE}?artifactType=x/signature`);
  assert.equal(some.headers.get("oci-filters-applied"), "artifactType");
  assert.equal(JSON.parse(some.text).manifests.length, 1);
  assert.deepEqual(JSON.parse((await client.ask(`GET a/referrers/${digestOf("none")}`)).text).manifests, []);
  assert.equal((await client.ask(`GET none/referrers/${NOWHERE}`)).code, "NAME_UNKNOWN");
});

Deno.test("an index is kept with its children, and leads to children that only it names", async () => {
  await using client = await Client.start();
  const { digest, size } = await client.pushManifest("a", "");
  const text = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [{ mediaType: OCI, digest, size }] });
  const put = await client.ask("PUT a/manifests/all", { body: text, headers: { "Content-Type": INDEX } });
  assert.equal(put.status, 201);
  // As skopeo copies it: the child is a blob of the layout and in no index.json.
  const path = `${client.folder}/a/index.json`;
  const index = JSON.parse(await Deno.readTextFile(path));
  index.manifests = index.manifests.filter((entry: { digest: string }) => entry.digest !== digest);
  await Deno.writeTextFile(path, JSON.stringify(index));
  const child = await client.ask(`GET a/manifests/${digest}`);
  assert.deepEqual([child.status, child.headers.get("content-type")], [200, OCI]);
  assert.equal((await client.ask(`GET a/manifests/${digestOf("layer")}`)).code, "MANIFEST_UNKNOWN");
  assert.equal((await client.ask(`DELETE a/manifests/${digest}`)).status, 202);
  assert.equal((await client.ask(`GET a/manifests/${digest}`)).status, 404);
});

Deno.test("many pushes at once: every tag is there afterwards", async () => {
  await using client = await Client.start();
  const tags = Array.from({ length: 20 }, (_, i) => `t${i}`);
  const pushed = await Promise.all(tags.map((tag) => client.pushManifest("a/b", tag, { annotations: { tag } })));
  assert.deepEqual(pushed.map(({ answer }) => answer.status), tags.map(() => 201));
  assert.deepEqual(JSON.parse((await client.ask("GET a/b/tags/list")).text).tags.toSorted(), tags.toSorted());
});

Deno.test("a body that stops coming is given up, and what came stays (bounded body times)", async () => {
  await using client = await Client.start({ bodyTimes: { idleMs: 50 } });
  const at = (await client.ask("POST a/blobs/uploads/")).headers.get("location")!;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: client.registry.port });
  const head = `PATCH ${at} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc`;
  await connection.write(new TextEncoder().encode(head));
  const answer = await new Response(connection.readable.pipeThrough(
    new TransformStream({
      transform(bytes, controller) {
        controller.enqueue(bytes);
        controller.terminate();
      },
    }),
  )).text();
  assert.match(answer, /^HTTP\/1.1 408 [^]*nothing of the body came for 0.05 s/);
  assert.equal((await client.ask(`GET ${at}`)).headers.get("range"), "0-2");
});

Deno.test("a stop does not wait for clients that have stopped in the middle", async () => {
  const client = await Client.start();
  const digest = await client.pushBlob("a", "x".repeat(2 ** 20).repeat(16));
  const heads = [`GET /v2/a/blobs/${digest}`, "GET /v2/", "PUT /v2/a/manifests/x", "POST /v2/a/blobs/uploads/"];
  const connections = await Promise.all(heads.map(async (head) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: client.registry.port });
    const fields = head.startsWith("P") ? "Content-Length: 10\r\n\r\nabc" : "\r\n";
    await connection.write(new TextEncoder().encode(`${head} HTTP/1.1\r\nHost: localhost\r\n${fields}`));
    return connection;
  }));
  await connections[0]!.read(new Uint8Array(1000));
  await client[Symbol.asyncDispose]();
  for (const connection of connections) connection.close();
});

Deno.test("a port that is taken and a folder that is none are said in one line", async () => {
  await using client = await Client.start();
  const log = new MemoryLogger();
  const folder = await Deno.makeTempDir();
  await assert.rejects(startDevRegistry({ folder, port: client.registry.port, log }), (error) => {
    assert.ok(error instanceof PortInUse);
    assert.match(
      error.message,
      /^cannot serve the image registry: TCP port \d+ on 127.0.0.1 is in use; .*choose another registry port$/,
    );
    return true;
  });
  await assert.rejects(startDevRegistry({ folder: client.folder, log }), (error) => {
    assert.ok(error instanceof RegistryFolderError);
    assert.match(error.message, /is in use by another registry/);
    return true;
  });
  await Deno.writeTextFile(`${folder}/file`, "");
  await assert.rejects(startDevRegistry({ folder: `${folder}/file`, log }), (error) => {
    assert.ok(error instanceof RegistryFolderError);
    assert.match(error.message, /^cannot use image folder .*file: .*choose a folder that can be written$/);
    return true;
  });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("what a crash left half-written is removed at the start; images are there again", async () => {
  const folder = await Deno.makeTempDir();
  {
    await using registry = await startDevRegistry({ folder, log: new MemoryLogger() });
    await fetch(`http://${registry.host}/v2/a/blobs/uploads/?digest=${digestOf("x")}`, { method: "POST", body: "x" })
      .then((response) => response.body?.cancel());
    await Deno.writeTextFile(registry.store.newPath(), "half");
  }
  await using client = await Client.start({ folder });
  assert.equal((await client.ask(`GET a/blobs/${digestOf("x")}`)).text, "x");
  assert.deepEqual([...Deno.readDirSync(`${folder}/.metalman/new`)], []);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a layout that somebody has broken is named in the answer and in the log, without a stack", async () => {
  await using client = await Client.start();
  await client.pushManifest("a", "v1");
  await Deno.writeTextFile(`${client.folder}/a/index.json`, "{");
  const { status, code, text } = await client.ask("GET a/tags/list");
  assert.deepEqual([status, code], [500, "UNKNOWN"]);
  assert.match(text, /index.json is not the index of an OCI image layout; repair or remove a/);
  assert.doesNotMatch(text, /\bat \w/);
  assert.equal(client.log.lines.at(-1)?.message, "the image registry failed");
});
