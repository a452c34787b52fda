/** How long the bodies of machines' requests may be: known where they are read, so that a longer one is kept by nobody. */

/** In bytes, by path. */
export const MAX_BODY = {
  /** Contract 7. */
  "/cloudinit/log": 1 << 20,
  /** Keys and certificate take less than 8 KiB; what is parsed holds up everything else that the thread does. */
  "/attest": 64 * 1024,
} as const;
