import type { BootFile } from "./image.ts";
import assert from "node:assert/strict";
import { templateData } from "./template/machine_view.ts";
import { TemplateCache, type TemplateFile } from "./templates.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function data(name = "m1") {
  return templateData({
    machine: { metadata: { name } },
    apiserverURL: "https://api",
    serveURL: "http://serve",
    agentConfigJSON: () => "{}",
    kubernetesVersion: "v1.34.0",
    clusterDNS: "10.0.0.10",
  });
}

function template(key: string, size = 10): TemplateFile {
  return { key, absolutePath: `/cache/${key}`, offset: 0, size };
}

function cacheOf(files: Record<string, string | Error>, maxEntries?: number) {
  const reads: string[] = [];
  const read = ({ absolutePath }: BootFile) => {
    reads.push(absolutePath);
    const file = files[absolutePath.replace("/cache/", "")]!;
    return file instanceof Error ? Promise.reject(file) : Promise.resolve(encoder.encode(file));
  };
  return { reads, files, cache: new TemplateCache(maxEntries === undefined ? { read } : { read, maxEntries }) };
}

Deno.test("TemplateCache reads and parses once, then renders at once for each machine", async () => {
  const { cache, reads } = cacheOf({ a: "I am {{.Machine.Name}}" });
  const first = await Promise.all(["m1", "m2"].map((name) => cache.render(template("a"), () => data(name))));
  assert.deepEqual(first.map((bytes) => decoder.decode(bytes)), ["I am m1", "I am m2"]);
  const later = cache.render(template("a"), () => data("m3"));
  assert.ok(later instanceof Uint8Array);
  assert.equal(decoder.decode(later), "I am m3");
  assert.deepEqual(reads, ["/cache/a"]);
});

Deno.test("TemplateCache gives up the template that was used longest ago", async () => {
  const { cache, reads } = cacheOf({ a: "a", b: "b", c: "c" }, 2);
  for (const key of ["a", "b", "a", "c", "a", "b"]) await cache.render(template(key), data);
  assert.deepEqual(reads, ["a", "b", "c", "b"].map((key) => `/cache/${key}`));
});

Deno.test("TemplateCache parses a broken template once and says each time what is wrong (contract 11.14)", async () => {
  const { cache, reads } = cacheOf({ a: "{{.Machine" });
  for (let i = 0; i < 2; i++) {
    await assert.rejects(async () => await cache.render(template("a"), data), /unclosed action/);
  }
  assert.equal(reads.length, 1);
});

Deno.test("TemplateCache does not read a template of more than 1 MiB", async () => {
  const { cache, reads } = cacheOf({ a: "a" });
  await assert.rejects(
    async () => await cache.render(template("a", (1 << 20) + 1), data),
    /template is 1048577 bytes, at most 1 MiB is rendered/,
  );
  assert.deepEqual(reads, []);
});

Deno.test("TemplateCache tries again after a failed reading, whose error names no path of this host", async () => {
  const { cache, files } = cacheOf({ a: new Error("EIO: /cache/a") });
  await assert.rejects(
    async () => await cache.render(template("a"), data),
    (error: Error) => !error.message.includes("/cache"),
  );
  files.a = "fine";
  assert.equal(decoder.decode(await cache.render(template("a"), data)), "fine");
});
