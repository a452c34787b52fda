/**
 * metalman as a library: the parts that stand alone.
 *
 * @module
 */
export * from "./base/address.ts";
export * from "./base/duration.ts";
