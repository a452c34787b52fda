import assert from "node:assert/strict";
import { initrd } from "./initrd.ts";

Deno.test("initrd() holds busybox, the init script and the modules with their order, gzipped, always the same", async () => {
  const encoder = new TextEncoder();
  const modules = ["virtio", "virtio_net"].map((name) => ({ name, bytes: encoder.encode(`<${name}>`) }));
  const parts = { busybox: encoder.encode("<busybox>"), init: encoder.encode("#!/bin/sh\n"), modules };
  const archive = await initrd(parts);
  const stream = new Blob([archive]).stream().pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(stream).text();
  for (const name of ["bin/busybox", "bin/sh", "init", "dev/console", "lib/modules/virtio.ko", "lib/modules.order"]) {
    assert.ok(text.includes(`${name}\0`), name);
  }
  for (const content of ["<busybox>", "#!/bin/sh\n", "<virtio_net>", "virtio\nvirtio_net\n"]) {
    assert.ok(text.includes(content), content);
  }
  assert.deepEqual(await initrd(parts), archive);
  assert.doesNotMatch(text, /usr/);
});

Deno.test("initrd() puts more programs where they belong, each folder once and before what is in it", async () => {
  const none = new Uint8Array(0);
  const programs = new Map(["usr/lib/a/x", "usr/lib/a/y", "lib/z"].map((path) => [path, none]));
  const archive = await initrd({ busybox: none, init: none, modules: [], programs });
  const text = await new Response(new Blob([archive]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  const names = [...text.matchAll(/070701[0-9A-Fa-f]{104}([^\0]*)\0/g)].map(([, name]) => name!);
  const wanted = ["lib", "usr", "usr/lib", "usr/lib/a", "usr/lib/a/x", "usr/lib/a/y", "lib/z"];
  assert.deepEqual(names.filter((name) => wanted.includes(name)), wanted);
});
