/** Stand-ins for the programs of the sample image: emulated machines load them, nothing runs them. */

/** Path below /disk and bytes of each. TFTP firmware asks for 512 bytes at a time, so boot loaders are small. */
const STAND_INS: readonly (readonly [path: string, size: number])[] = [
  ["shimx64.efi", 96 * 1024],
  ["grubx64.efi", 64 * 1024],
  ["boot/vmlinuz", 256 * 1024],
  ["boot/initrd", 128 * 1024],
  ["boot/disk.img", 4 * 1024 * 1024],
];
/** Each sector says what it is. */
const SECTOR = 512;

/** The stand-ins: always the same bytes, no two sectors alike. */
export function standIns(): Map<string, Uint8Array> {
  return new Map(STAND_INS.map(([path, size]) => [path, standIn(path, size)]));
}

function standIn(path: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size).fill(0x2e);
  const encoder = new TextEncoder();
  for (let at = 0; at < size; at += SECTOR) {
    const sector = `metalman sample image: stand-in for ${path}, nothing that runs. Sector ${at / SECTOR}\n`;
    encoder.encodeInto(sector, bytes.subarray(at, at + SECTOR));
    bytes[Math.min(at + SECTOR, size) - 1] = 0x0a;
  }
  return bytes;
}
