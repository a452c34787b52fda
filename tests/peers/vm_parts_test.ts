/** What a virtual machine boots from, found in folders laid out as the packages of Debian 12, 13 and Ubuntu do. */
import assert from "node:assert/strict";
import { zstdCompressSync } from "node:zlib";
import { readBootChain } from "../../dev/vm/boot_chain_store.ts";
import { probe } from "../../dev/vm/parts_host.ts";
import { peerTest, run } from "./peer.ts";

const encoder = new TextEncoder();
const module = (info: string) => encoder.encode(`\0license=GPL\0${info}\0name=x\0`);
/** The first bytes of a static program without headers. */
const BUSYBOX = (() => {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  return bytes;
})();

/** How a distribution keeps its modules. */
interface Distribution {
  readonly name: string;
  readonly modules: string;
  /** Suffix of a module, and its file made of one without. */
  readonly suffix: string;
  readonly compress: (path: string) => Promise<void>;
  readonly needs: readonly string[];
}

const DISTRIBUTIONS: readonly Distribution[] = [
  { name: "Debian 12", modules: "lib/modules", suffix: "", compress: () => Promise.resolve(), needs: [] },
  {
    name: "Debian 13",
    modules: "usr/lib/modules",
    suffix: ".xz",
    compress: async (path) => void await run("xz", [path]),
    needs: ["xz"],
  },
  {
    name: "Ubuntu 24.04",
    modules: "lib/modules",
    suffix: ".zst",
    compress: async (path) => await Deno.writeFile(`${path}.zst`, zstdCompressSync(await Deno.readFile(path))),
    needs: [],
  },
];

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeFile(path, bytes);
}

/** Lays out two kernels of which the older has no modules. */
async function layOut(root: string, { modules, compress, suffix }: Distribution): Promise<void> {
  for (const name of ["usr/lib/shim/shimx64.efi.signed", "usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed"]) {
    await write(`${root}/${name}`, encoder.encode(name));
  }
  await write(`${root}/usr/bin/busybox`, BUSYBOX);
  await write(`${root}/bin/busybox`, encoder.encode("#!/bin/sh\n"));
  for (const version of ["6.1.0-9-amd64", "6.1.0-10-amd64"]) {
    await write(`${root}/boot/vmlinuz-${version}`, encoder.encode(version));
  }
  const folder = `${root}/${modules}/6.1.0-9-amd64/kernel`;
  const files = {
    [`${folder}/drivers/virtio/virtio_pci.ko`]: module("depends=virtio"),
    [`${folder}/drivers/virtio/virtio.ko`]: module("depends="),
    [`${folder}/drivers/net/virtio_net.ko`]: module("depends=virtio,net-failover"),
    [`${folder}/net/core/net-failover.ko`]: module("depends="),
  };
  for (const [path, bytes] of Object.entries(files)) {
    await write(path, bytes);
    await compress(path);
    if (suffix === ".zst") await Deno.remove(path);
  }
}

for (const distribution of DISTRIBUTIONS) {
  const { name, modules, needs } = distribution;
  peerTest(`the parts of a virtual machine are found and read as ${name} lays them out`, {
    programs: ["gzip", "cpio", ...needs],
  }, async () => {
    const folder = await Deno.makeTempDir({ prefix: "metalman-parts-" });
    try {
      await layOut(folder, distribution);
      const { found } = await probe({ folder: `${folder}/` });
      const { shim, grub, kernel, busybox } = found;
      assert.equal(kernel, `${folder}/boot/vmlinuz-6.1.0-9-amd64`, `the kernel that has modules in ${modules}`);
      assert.equal(busybox, `${folder}/usr/bin/busybox`, "the one that is static");
      const chain = await readBootChain({ shim: shim!, grub: grub!, kernel: kernel!, busybox: busybox! });
      assert.equal(new TextDecoder().decode(chain.shim), "usr/lib/shim/shimx64.efi.signed");
      await Deno.writeFile(`${folder}/initrd.gz`, chain.initrd);
      await run("gzip", ["-d", `${folder}/initrd.gz`]);
      assert.equal(
        await run("cpio", ["--quiet", "-i", "--to-stdout", "-F", `${folder}/initrd`, "lib/modules.order"]),
        "virtio\nvirtio_pci\nnet_failover\nvirtio_net\n",
      );
      const listed = (await run("cpio", ["--quiet", "-tF", `${folder}/initrd`])).split("\n");
      for (const path of ["init", "lib/modules/net_failover.ko"]) assert.ok(listed.includes(path), path);
      const content = await run("cpio", [
        "--quiet",
        "-i",
        "--to-stdout",
        "-F",
        `${folder}/initrd`,
        "lib/modules/virtio.ko",
      ]);
      assert.equal(content, "\0license=GPL\0depends=\0name=x\0");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
