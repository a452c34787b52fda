/** One process becomes another: same id, same terminal, same parent, new rights. Deno has no call for it, libc has. */
import { StartError } from "../usage.ts";

// execv(3) is in these.
const LIBRARY: Readonly<Partial<Record<typeof Deno.build.os, string>>> = {
  linux: "libc.so.6",
  darwin: "libSystem.B.dylib",
};
const encoder = new TextEncoder();

/** Bytes up to a NUL. */
function cString(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(`${text}\0`);
}

/** Whether this system has a call for it. */
export function canReplaceProcess(): boolean {
  return LIBRARY[Deno.build.os] !== undefined;
}

/**
 * Replaces this process by the program, with the environment that there is.
 * @throws {StartError} where the system refuses
 */
export function replaceProcess(program: string, args: readonly string[]): never {
  const library = Deno.dlopen(LIBRARY[Deno.build.os]!, {
    execv: { parameters: ["buffer", "buffer"], result: "i32" },
  });
  const strings = [program, ...args].map(cString);
  const pointers = new BigUint64Array(strings.length + 1);
  strings.forEach((bytes, i) => pointers[i] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
  library.symbols.execv(strings[0]!, pointers);
  library.close();
  throw new StartError(`${program} cannot be started anew with fewer rights`);
}
