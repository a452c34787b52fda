/** What a guest needs to show its TPM: programs of Debian that we did not write, with the libraries that they load. */
import { run, which } from "../peers/peer.ts";

/** Copied into the guest. */
export const GUEST_PROGRAMS: readonly string[] = ["tpm2", "openssl", "curl"];
/** Loaded by name at run time, so that ldd(1) does not know of it. */
const DEVICE_LIBRARY = "libtss2-tcti-device.so.0";
const SCRIPT = new URL("../../images/vm/attest", import.meta.url);

/** Paths of the libraries of a program. */
async function libraries(path: string): Promise<string[]> {
  return [...(await run("ldd", [path])).matchAll(/\/\S+\.so\S*/g)].map(([library]) => library);
}

/** Files for the initial RAM disk (dev/vm/initrd.ts), images/vm/attest among them. */
export async function tpmPrograms(): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map([["lib/attest", await Deno.readFile(SCRIPT)]]);
  for (const name of GUEST_PROGRAMS) {
    const path = which(name)!;
    files.set(`bin/${name}`, await Deno.readFile(path));
    const found = await libraries(path);
    if (name === "tpm2") {
      const esys = found.find((library) => library.includes("libtss2-esys."))!;
      const device = esys.replace(/[^/]*$/, DEVICE_LIBRARY);
      found.push(device, ...await libraries(device));
    }
    for (const library of found) files.set(library.slice(1), await Deno.readFile(library));
  }
  return files;
}
