import assert from "node:assert/strict";
import { dependencies, modulesFor } from "./kernel_modules.ts";

const module = (info: string) => new TextEncoder().encode(`\x7fELF\xff\0license=GPL\0${info}name=x\0`);

Deno.test("dependencies() reads depends= of .modinfo, dashes and underscores alike", () => {
  assert.deepEqual(dependencies(module("depends=virtio,virtio-ring\0")), ["virtio", "virtio_ring"]);
  assert.deepEqual(dependencies(module("depends=\0")), []);
  assert.deepEqual(dependencies(module("")), []);
});

Deno.test("modulesFor() puts each module after what it depends on, once; what is built in is left out; a circle ends", async () => {
  const files: Record<string, string> = {
    net: "depends=virtio,failover\0",
    blk: "depends=virtio\0",
    virtio: "depends=ring\0",
    ring: "depends=\0",
    failover: "depends=net\0",
  };
  const found = await modulesFor(["net", "blk", "builtin"], {
    read: (name) => Promise.resolve(name in files ? module(files[name]!) : undefined),
  });
  assert.deepEqual(found.map(({ name }) => name), ["ring", "virtio", "failover", "net", "blk"]);
});
