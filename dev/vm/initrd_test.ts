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
});
