/** What the pulling worker is told and what it says. */
import type { ClientOptions } from "./client.ts";
import type { ErrorMessage } from "./errors.ts";
import type { Descriptor } from "./media_types.ts";

/** An image to fetch and unpack. */
export interface PullJob {
  /** Tells jobs apart. */
  readonly kind: "pull";
  /** Exists and is empty; gets the contents and index.json. */
  readonly folder: string;
  /** Where to fetch, and as whom. */
  readonly client: ClientOptions;
  /** Of the manifest. */
  readonly digest: string;
  readonly layers: readonly Descriptor[];
  /** Of the uncompressed layers. */
  readonly diffIds: readonly string[];
  /** What the image may unpack to. */
  readonly maxBytes: number;
  /** Of the store, for errors. */
  readonly howToMove: string;
}

/** The image was put in its place: get it onto the disk for good, there is no hurry. */
export interface SyncJob {
  /** Tells jobs apart. */
  readonly kind: "sync";
  /** Of the image, in its place. */
  readonly folder: string;
  /** Of the store, for errors. */
  readonly howToMove: string;
}

/** Give the job up; it is answered by `failed`. */
export interface StopJob {
  /** Tells jobs apart. */
  readonly kind: "stop";
}

/** How far a pull is. */
export interface PullProgress {
  /** Packed bytes fetched of all layers. */
  readonly bytes: number;
  /** What there is to fetch. */
  readonly totalBytes: number;
  /** From 1. */
  readonly layer: number;
  /** How many there are. */
  readonly layers: number;
}

/** What the worker says. */
export type PullNews =
  | { readonly kind: "progress"; readonly progress: PullProgress }
  | { readonly kind: "done" }
  | { readonly kind: "synced" }
  | { readonly kind: "failed"; readonly error: ErrorMessage };

/** The file that holds an image's index. */
export const INDEX_FILE = "index.json";
/** Present when everything in the folder has reached the disk. */
export const SYNCED_FILE = "synced";
