import assert from "node:assert/strict";
import { diskImage, vmPrograms } from "./disk_image.ts";

const chain = {
  shim: new Uint8Array(1000).fill(1),
  grub: new Uint8Array(2000).fill(2),
  kernel: new Uint8Array(3000).fill(3),
  initrd: new Uint8Array(4000).fill(4),
};

Deno.test("diskImage() is always the same for the same files, and another for others", () => {
  assert.deepEqual(diskImage(chain), diskImage(chain));
  assert.notDeepEqual(diskImage(chain), diskImage({ ...chain, kernel: new Uint8Array(3000).fill(5) }));
});

Deno.test("vmPrograms() has every program that the sample image's grub.cfg and metadata.yaml name", async () => {
  const folder = new URL("../../images/sample/disk/", import.meta.url);
  const programs = vmPrograms(chain);
  const config = await Deno.readTextFile(new URL("grub/grub.cfg.tmpl", folder));
  const named = [...config.matchAll(/\/(boot\/[a-z.]+)/g)].map(([, path]) => path!);
  assert.ok(named.length >= 3, config);
  const metadata = await Deno.readTextFile(new URL("metadata.yaml", folder));
  named.push(...[...metadata.matchAll(/\S+\.efi/g)].map(([path]) => path));
  for (const path of named) assert.ok(programs.has(path), path);
});
