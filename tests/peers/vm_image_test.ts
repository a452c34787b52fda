/** What dev/vm writes, as programs see it that we did not write. */
import assert from "node:assert/strict";
import { CHARACTER_DEVICE, cpio, FILE, FOLDER, LINK, PROGRAM } from "../../dev/vm/cpio.ts";
import { diskImage } from "../../dev/vm/disk_image.ts";
import { fat16 } from "../../dev/vm/fat16.ts";
import { FIRST_SECTOR } from "../../dev/vm/gpt.ts";
import { peerTest, run } from "./peer.ts";

/** Writes bytes to a file that is gone afterwards. */
async function withFile(bytes: Uint8Array, use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "metalman-image-" });
  try {
    await Deno.writeFile(path, bytes);
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

const filled = (size: number, byte: number) => new Uint8Array(size).fill(byte);

peerTest("cpio lists what cpio() writes", { programs: ["cpio"] }, async () => {
  const archive = cpio([
    { path: "bin", mode: FOLDER },
    { path: "bin/busybox", mode: PROGRAM, data: filled(1001, 1) },
    { path: "bin/sh", mode: LINK, data: new TextEncoder().encode("busybox") },
    { path: "console", mode: CHARACTER_DEVICE, device: { major: 5, minor: 1 } },
    { path: "notes", mode: FILE, data: filled(3, 2) },
  ]);
  await withFile(archive, async (path) => {
    const listed = (await run("cpio", ["--quiet", "-tvF", path])).trim().split("\n").map((line) =>
      line.replace(/ +\S+ +\d+ +\d+ (?=\S+( -> \S+)?$)/, " ").replaceAll(/ +/g, " ")
    );
    assert.deepEqual(listed.map((line) => line.split(" ")[0]), [
      ...["drwxr-xr-x", "-rwxr-xr-x", "lrwxrwxrwx", "crw-------", "-rw-r--r--"],
    ]);
    assert.match(listed[1]!, / 1001 bin\/busybox$|1001.*bin\/busybox$/);
    assert.match(listed[2]!, /bin\/sh -> busybox$/);
    assert.match(listed[3]!, /5, 1 console$/);
  });
});

const fatTools = { programs: ["fsck.fat", "mdir", "mtype"] };
peerTest("fsck.fat and mtools agree with what fat16() writes", fatTools, async () => {
  for (const size of [10, 1_000_000, 40_000_000]) {
    const files = {
      "EFI/BOOT/BOOTX64.EFI": filled(size, 7),
      "EFI/BOOT/empty": filled(0, 0),
      "grub/grub.cfg": new TextEncoder().encode("set timeout=0\n"),
    };
    await withFile(fat16(files, { hiddenSectors: 0 }), async (path) => {
      const checked = await run("fsck.fat", ["-n", path]);
      assert.equal(checked.split("\n").length, 3, checked);
      assert.match(checked, / 6 files, \d+\/\d+ clusters\n$/);
      assert.match(await run("mdir", ["-i", path, "-b", "::/EFI/BOOT"]), /BOOTX64\.EFI\n.*EMPTY\n/);
      assert.equal(await run("mtype", ["-i", path, "::/grub/grub.cfg"]), "set timeout=0\n");
    });
  }
});

peerTest("sfdisk and fsck.fat find nothing wrong with a disk image", { programs: ["sfdisk", "fsck.fat"] }, async () => {
  const chain = { shim: filled(9999, 1), grub: filled(99, 2), kernel: filled(1 << 20, 3), initrd: filled(5, 4) };
  const disk = diskImage(chain);
  await withFile(disk, async (path) => {
    assert.match(await run("sfdisk", ["--verify", path]), /No errors detected\./);
    const dump = await run("sfdisk", ["--dump", path]);
    const [system, seed] = dump.split("\n").filter((line) => line.startsWith(path));
    assert.match(system!, /start= +2048, .*type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, .*name="EFI system"/);
    assert.match(seed!, /size= +8, .*name="seed"/);
  });
  await withFile(disk.subarray(FIRST_SECTOR * 512), async (path) => {
    assert.match(await run("fsck.fat", ["-n", path]), / \d+ files/);
  });
});
