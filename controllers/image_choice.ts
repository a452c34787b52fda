/** Which image a machine is served: the one its boot began with, until the next boot begins. */

/** The image a boot began with. */
export interface ImagePin<Image> {
  /** Of the Machine: another one of the same name is another machine. */
  readonly uid: string;
  /** Reference and pull secret then. */
  readonly key: string;
  /** Served until the pin ends. */
  readonly image: Image;
  /** When the boot began. */
  readonly sinceMs: number;
}

/** What is known when a machine asks. */
export interface ImageQuestion<Image> {
  /** Of the Machine that asks. */
  readonly uid: string;
  /** Reference and pull secret now. */
  readonly key: string;
  /** A boot begins (DHCP), so that a newer image may be taken. */
  readonly starting: boolean;
  /** The newest image of the key that is complete. */
  readonly current: Image | undefined;
  /** The one kept last time. */
  readonly pin: ImagePin<Image> | undefined;
  /** The time of day. */
  readonly nowMs: number;
}

/** No boot takes longer: after it a machine gets the newest image also in the middle. */
export const PIN_MS = 24 * 3_600_000;

/** Whether the pin still says what the machine is to get. */
export function pinHolds<Image>(pin: ImagePin<Image> | undefined, uid: string, key: string, nowMs: number): boolean {
  return pin !== undefined && pin.uid === uid && pin.key === key && nowMs - pin.sinceMs < PIN_MS;
}

/** The image to serve, and the pin to keep; both undefined when there is nothing to serve. */
export function chooseImage<Image>(
  { uid, key, starting, current, pin, nowMs }: ImageQuestion<Image>,
): { image?: Image; pin?: ImagePin<Image> } {
  const held = pinHolds(pin, uid, key, nowMs) ? pin : undefined;
  if (!starting && held !== undefined) return { image: held.image, pin: held };
  if (current === undefined) return {};
  // Who asks in the middle of a boot that began elsewhere is not held to anything: the boot's end is not seen either.
  return starting ? { image: current, pin: { uid, key, image: current, sinceMs: nowMs } } : { image: current };
}
