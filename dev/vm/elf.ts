/** As much of an ELF file as tells whether it runs alone. */

const INTERPRETER = 3;

/** Whether it is a 64-bit little-endian program that asks for no interpreter, so for no shared library. */
export function isStaticProgram(file: Uint8Array): boolean {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  // 7f "ELF", 64-bit, little-endian.
  if (file.length < 64 || view.getUint32(0) !== 0x7f454c46 || view.getUint16(4) !== 0x0201) return false;
  const at = Number(view.getBigUint64(32, true));
  const [size, count] = [view.getUint16(54, true), view.getUint16(56, true)];
  for (let index = 0; index < count; index++) {
    const entry = at + index * size;
    if (entry + 4 > file.length || view.getUint32(entry, true) === INTERPRETER) return false;
  }
  return true;
}
