/** Which boot file a client is offered. */
import type { BootImage, ImageMissing } from "../image.ts";
import type { Firmware } from "./firmware.ts";

/** A file name for TFTP or a URL, or why there is none. */
export type BootChoice =
  | { readonly kind: "file"; readonly name: string }
  | { readonly kind: "none"; readonly reason: string };

function named(image: BootImage, key: string | undefined): string | undefined {
  return key !== undefined && Object.hasOwn(image.bootFiles, key) ? image.bootFiles[key] || undefined : undefined;
}

function url(serveUrl: string, file: string): string {
  const path = file.split("/").filter((part) => part !== "").map(encodeURIComponent).join("/");
  return `${serveUrl.replace(/\/+$/, "")}/${path}`;
}

/**
 * The image's file for this firmware: `bootFiles.ipxe` for iPXE, else `bootFiles` by architecture, else
 * `dhcpBootImageName`. UEFI HTTP boot gets an absolute URL.
 * @param firmware undefined for a client that does not boot from the network; it is told the default
 */
export function bootFileFor(
  firmware: Firmware | undefined,
  image: BootImage | ImageMissing,
  serveUrl: string,
): BootChoice {
  if (!("digest" in image)) return { kind: "none", reason: image.reason };
  const name = (firmware?.kind === "ipxe" ? named(image, "ipxe") : undefined) ??
    named(image, firmware?.architecture) ?? image.dhcpBootImageName;
  if (name === "") return { kind: "none", reason: `image ${image.digest} names no boot file for this client` };
  return { kind: "file", name: firmware?.kind === "http" ? url(serveUrl, name) : name };
}
