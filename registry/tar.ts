/**
 * Streaming tar reader: ustar, pax, GNU long names (L, K), sparse files in the four formats GNU tar writes
 * (old GNU, pax 0.0, 0.1 and 1.0). Bytes are pushed in as they come; members come out by callback.
 * A bad checksum, a malformed record or a truncated archive is an error, never a guess.
 */
import { LayerError } from "./errors.ts";
import {
  BLOCK,
  checkExtents,
  type Extent,
  isZeroBlock,
  numberField,
  parseHeader,
  parsePax,
  paxNumber,
  sparseFields,
  type TarHeader,
  textField,
} from "./tar_header.ts";

/** A member of an archive. */
export interface TarMember {
  /** As stored: may be absolute or contain `..`. */
  readonly path: string;
  /** Where a link points, as stored. */
  readonly link: string;
  /** `other`: devices, fifos and whatever else has no content. */
  readonly type: "file" | "directory" | "symlink" | "hardlink" | "other";
  /** Of the file when unpacked, holes included. */
  readonly size: number;
}

/** Takes what the reader finds, in the order of the archive. */
export interface TarHandler {
  /** A member begins. */
  member(member: TarMember): void;
  /** Bytes of the current member, which is a file; gaps between calls are zeros. The view is only valid during the call. */
  data(bytes: Uint8Array, offset: number): void;
  /** The current member is complete. */
  end(): void;
}

/** Names and pax headers longer than this are refused (Go's limit). */
const MAX_SPECIAL_BYTES = 1024 * 1024;
const MAX_EXTENTS = 500_000;
/** Types without data, whatever their size field says. */
const NO_DATA = "123456";
const TYPES: Readonly<Record<string, TarMember["type"]>> = {
  "0": "file",
  "S": "file",
  "1": "hardlink",
  "2": "symlink",
  "5": "directory",
};

type State = "header" | "special" | "sparse-header" | "sparse-map" | "data" | "padding" | "ending" | "ended";

/** What pax and GNU headers say about the next member. */
interface Announced {
  pax: [string, string][];
  longName?: string;
  longLink?: string;
}

/** Reads one archive. After an error it must not be used again. */
export class TarReader {
  readonly #handler: TarHandler;
  readonly #block = new Uint8Array(BLOCK);
  #filled = 0;
  #state: State = "header";
  #next: Announced = { pax: [] };
  #header!: TarHeader;
  /** Bytes of the member's stored data not seen yet. */
  #left = 0;
  /** Bytes of padding after the data. */
  #padding = 0;
  #special = new Uint8Array(0);
  #specialAt = 0;
  #path = "";
  #fileSize = 0;
  #isFile = false;
  #extents: Extent[] = [];
  #extent = 0;
  #extentAt = 0;
  /** Text of a pax 1.0 map that is not a whole number yet, and the numbers so far. */
  #mapText = "";
  #mapNumbers: number[] = [];

  /**
   * A reader at the start of an archive.
   * @param handler called while {@link push} runs; what it throws comes out of push
   */
  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  /**
   * The next bytes of the archive; what follows its end is ignored.
   * @throws {LayerError} when they make no archive
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && this.#state !== "ended") {
      if (this.#state === "data") at += this.#data(chunk, at);
      else if (this.#state === "padding") at += this.#skip(chunk.length - at);
      else if (this.#state === "special") at += this.#collect(chunk, at);
      else at += this.#blocks(chunk, at);
    }
  }

  /**
   * The archive is over; padding after the last member may be missing, as in layers of `umoci insert`.
   * @throws {LayerError} when it ends inside a member
   */
  finish(): void {
    const ended = this.#state === "ended" || this.#state === "ending";
    const between = ended || this.#state === "padding" || (this.#state === "header" && this.#filled === 0);
    if (!between || this.#next.pax.length > 0 || this.#next.longName !== undefined) {
      throw new LayerError("the archive of the layer ends in the middle of a member");
    }
  }

  #blocks(chunk: Uint8Array, at: number): number {
    const take = Math.min(BLOCK - this.#filled, chunk.length - at);
    if (take === BLOCK) {
      this.#onBlock(chunk.subarray(at, at + BLOCK));
      return take;
    }
    this.#block.set(chunk.subarray(at, at + take), this.#filled);
    this.#filled += take;
    if (this.#filled === BLOCK) {
      this.#filled = 0;
      this.#onBlock(this.#block);
    }
    return take;
  }

  #onBlock(block: Uint8Array): void {
    if (this.#state === "sparse-header") return this.#sparseHeader(block);
    if (this.#state === "sparse-map") return this.#sparseMap(block);
    const zero = block[0] === 0 && isZeroBlock(block);
    if (this.#state === "ending" && !zero) throw new LayerError("the archive goes on after a block that ends it");
    if (zero) {
      this.#state = this.#state === "ending" ? "ended" : "ending";
      return this.finish();
    }
    this.#header = parseHeader(block);
    const { size, type } = this.#header;
    if ("xgLK".includes(type)) {
      if (size > MAX_SPECIAL_BYTES) throw new LayerError(`a tar header announces ${size} bytes of names`);
      this.#special = new Uint8Array(size);
      this.#specialAt = 0;
      this.#padding = -size & (BLOCK - 1);
      this.#state = "special";
      if (size === 0) this.#specialDone();
      return;
    }
    this.#begin(block);
  }

  #collect(chunk: Uint8Array, at: number): number {
    const take = Math.min(this.#special.length - this.#specialAt, chunk.length - at);
    this.#special.set(chunk.subarray(at, at + take), this.#specialAt);
    this.#specialAt += take;
    if (this.#specialAt === this.#special.length) this.#specialDone();
    return take;
  }

  #specialDone(): void {
    const body = this.#special;
    if (this.#header.type === "x") this.#next.pax = parsePax(body);
    else if (this.#header.type === "g") parsePax(body);
    else if (this.#header.type === "L") this.#next.longName = textField(body, 0, body.length);
    else this.#next.longLink = textField(body, 0, body.length);
    this.#special = new Uint8Array(0);
    this.#state = this.#padding > 0 ? "padding" : "header";
  }

  /** A member's header and all that announced it are there. */
  #begin(block: Uint8Array): void {
    const { pax, longName, longLink } = this.#next;
    this.#next = { pax: [] };
    const records = new Map(pax);
    const { type } = this.#header;
    const size = records.get("size") ? paxNumber(records.get("size")!, "size") : this.#header.size;
    this.#left = NO_DATA.includes(type) ? 0 : size;
    this.#padding = -this.#left & (BLOCK - 1);
    this.#path = longName ?? (records.get("GNU.sparse.name") || records.get("path") || this.#header.name);
    const link = longLink ?? (records.get("linkpath") || this.#header.link);
    this.#fileSize = this.#left;
    this.#extents = [];
    if (type === "S") return this.#beginOldSparse(block);
    if (type === "0" && pax.some(([key]) => key.startsWith("GNU.sparse."))) return this.#beginPaxSparse(pax, records);
    this.#start(TYPES[type] ?? "other", link);
  }

  #beginOldSparse(block: Uint8Array): void {
    this.#fileSize = numberField(block, 483, 12, "real size");
    this.#extents = sparseFields(block, 386, 4);
    if (block[482] !== 0) this.#state = "sparse-header";
    else this.#startSparse();
  }

  #sparseHeader(block: Uint8Array): void {
    this.#extents.push(...sparseFields(block, 0, 21));
    if (this.#extents.length > MAX_EXTENTS) throw new LayerError("a sparse file has too many parts");
    if (block[504] === 0) this.#startSparse();
  }

  #beginPaxSparse(pax: [string, string][], records: Map<string, string>): void {
    const major = records.get("GNU.sparse.major") ?? "0";
    const minor = records.get("GNU.sparse.minor") ?? "0";
    const real = records.get("GNU.sparse.realsize") ?? records.get("GNU.sparse.size") ?? "";
    this.#fileSize = paxNumber(real, "GNU.sparse size");
    if (major === "1" && minor === "0") {
      this.#mapText = "";
      this.#mapNumbers = [];
      this.#state = "sparse-map";
      return;
    }
    if (major !== "0") throw new LayerError(`a sparse file is in the unknown format ${major}.${minor}`);
    const numbers = (records.get("GNU.sparse.map")?.split(",") ??
      pax.filter(([key]) => key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes").map(([, value]) => value))
      .filter((text) => text !== "").map((text) => paxNumber(text, "GNU.sparse map"));
    this.#setExtents(numbers);
    this.#startSparse();
  }

  /** pax 1.0: the map is decimal lines (count, then offset and length each) in blocks before the data. */
  #sparseMap(block: Uint8Array): void {
    this.#left -= BLOCK;
    if (this.#left < 0) throw new LayerError("a sparse file ends inside its map");
    const lines = (this.#mapText + textField(block, 0, BLOCK)).split("\n");
    this.#mapText = lines.pop()!;
    if (this.#mapText.length > 16) throw new LayerError("a sparse file has a malformed map");
    for (const line of lines) {
      this.#mapNumbers.push(paxNumber(line, "sparse map"));
      if (this.#mapNumbers[0]! > MAX_EXTENTS) throw new LayerError("a sparse file has too many parts");
    }
    if (this.#mapNumbers.length === 0 || this.#mapNumbers.length <= this.#mapNumbers[0]! * 2) return;
    this.#setExtents(this.#mapNumbers.slice(1, this.#mapNumbers[0]! * 2 + 1));
    this.#mapNumbers = [];
    this.#startSparse();
  }

  #setExtents(numbers: readonly number[]): void {
    if (numbers.length % 2 !== 0) throw new LayerError("a sparse file has a map of odd length");
    for (let i = 0; i < numbers.length; i += 2) {
      this.#extents.push({ offset: numbers[i]!, length: numbers[i + 1]! });
    }
  }

  #startSparse(): void {
    checkExtents(this.#extents, this.#fileSize, this.#left);
    // A map's last part is often empty and only marks the end.
    this.#extents = this.#extents.filter((extent) => extent.length > 0);
    this.#start("file", "");
  }

  #start(type: TarMember["type"], link: string): void {
    this.#extent = 0;
    this.#extentAt = 0;
    this.#isFile = type === "file";
    if (this.#extents.length === 0) this.#extents = [{ offset: 0, length: this.#left }];
    this.#handler.member({ path: this.#path, link, type, size: type === "file" ? this.#fileSize : 0 });
    if (this.#left > 0) this.#state = "data";
    else this.#dataDone();
  }

  #data(chunk: Uint8Array, at: number): number {
    const { offset, length } = this.#extents[this.#extent]!;
    const take = Math.min(length - this.#extentAt, chunk.length - at);
    if (this.#isFile) this.#handler.data(chunk.subarray(at, at + take), offset + this.#extentAt);
    this.#extentAt += take;
    this.#left -= take;
    if (this.#extentAt === length) {
      this.#extent++;
      this.#extentAt = 0;
    }
    if (this.#left === 0) this.#dataDone();
    return take;
  }

  #dataDone(): void {
    this.#extents = [];
    this.#handler.end();
    this.#state = this.#padding > 0 ? "padding" : "header";
  }

  #skip(available: number): number {
    const take = Math.min(this.#padding, available);
    this.#padding -= take;
    if (this.#padding === 0) this.#state = "header";
    return take;
  }
}
