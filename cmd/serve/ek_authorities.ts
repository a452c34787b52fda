/** --ek-ca: the makers of TPMs that are trusted, as files. */
import { type Authority, readAuthority } from "../../attest/ek_certificate.ts";
import { DerError } from "../../attest/der_reader.ts";
import { StartError } from "../usage.ts";

/** Makers have a few hundred between them. */
const MAX_FILES = 2000;
const MAX_FILE = 1024 * 1024;

/**
 * Reads a bundle, or every certificate in a folder: PEM, or DER in files named .der, .cer or .crt.
 * @throws {StartError} that names the file and what is wrong with it
 */
export async function readEkAuthorities(path: string): Promise<Authority[]> {
  const files = await filesOf(path);
  if (files.length > MAX_FILES) throw new StartError(`--ek-ca ${path}: more than ${MAX_FILES} files`);
  const authorities: Authority[] = [];
  for (const file of files) {
    try {
      for (const der of certificatesIn(await readSmall(file))) authorities.push(readAuthority(der));
    } catch (error) {
      if (error instanceof DerError) {
        throw new StartError(`--ek-ca ${file}: a certificate is of no use: ${error.message}`);
      }
      throw error;
    }
  }
  if (authorities.length === 0) {
    throw new StartError(`--ek-ca ${path}: no certificate found, want PEM, or DER named .der, .cer or .crt`);
  }
  return authorities;
}

async function filesOf(path: string): Promise<string[]> {
  try {
    if (!(await Deno.stat(path)).isDirectory) return [path];
    const names = await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
    return names.filter((name) => /\.(pem|der|cer|crt)$/i.test(name)).sort().map((name) => `${path}/${name}`);
  } catch (error) {
    throw new StartError(`--ek-ca ${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function readSmall(file: string): Promise<Uint8Array> {
  try {
    if ((await Deno.stat(file)).size > MAX_FILE) throw new StartError(`--ek-ca ${file}: longer than ${MAX_FILE} bytes`);
    return await Deno.readFile(file);
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`--ek-ca ${file}: ${(error as Error).message}`, { cause: error });
  }
}

const BEGIN = "-----BEGIN CERTIFICATE-----";
const PEM = new RegExp(`${BEGIN}([^-]*)-----END CERTIFICATE-----`, "g");

function certificatesIn(bytes: Uint8Array): Uint8Array[] {
  // A SEQUENCE with a length of two bytes: DER.
  if (bytes[0] === 0x30 && bytes[1] === 0x82) return [bytes];
  const text = new TextDecoder().decode(bytes);
  const found = Array.from(text.matchAll(PEM), ([, base64 = ""]) => {
    try {
      return Uint8Array.fromBase64(base64);
    } catch {
      throw new DerError("it is not base64");
    }
  });
  // A bundle that lost its end would go on to refuse the TPMs of some maker.
  if (text.split(BEGIN).length - 1 !== found.length) throw new DerError("it has no end");
  return found;
}
