/**
 * Which field of a message each option goes to.
 *
 * Options go to the options field. Where the client's maximum message size is too small for them, `sname` and
 * `file` take options as well (RFC 2132 section 9.3, option overload), and an option that fits in none of them
 * whole is cut over their borders (RFC 3396 section 5).
 */
import { encodedLength, OPTION } from "./options.ts";

/** An option, or a part of one, and where it goes. */
export interface Piece {
  readonly code: number;
  readonly data: Uint8Array;
}

/** What goes into each field; an empty one keeps its own meaning. */
export interface Layout {
  readonly options: readonly Piece[];
  readonly file: readonly Piece[];
  readonly sname: readonly Piece[];
  /** Option 52: 1 file, 2 sname, 3 both; 0 none. */
  readonly overload: number;
}

const FILE_ROOM = 128 - 1;
const SNAME_ROOM = 64 - 1;
const OVERLOAD_SIZE = 3;

/** What a client can do without when there is no room, first to go first. */
const EXPENDABLE = [
  OPTION.rebindingTime,
  OPTION.renewalTime,
  OPTION.message,
  OPTION.tftpServerName,
  OPTION.dnsServers,
  OPTION.clientUuid,
  OPTION.bootFileName,
  OPTION.clientId,
  OPTION.router,
  OPTION.relayAgent,
] as const;

interface Field {
  room: number;
  readonly pieces: Piece[];
}

function putWhole(fields: readonly Field[], code: number, data: Uint8Array): boolean {
  const size = encodedLength(data.length);
  const field = fields.find((f) => f.room >= size);
  if (field === undefined) return false;
  field.pieces.push({ code, data });
  field.room -= size;
  return true;
}

function putCut(fields: readonly Field[], code: number, data: Uint8Array): boolean {
  let from = 0;
  for (const field of fields) {
    while (field.room > 2 && from < data.length) {
      const part = data.subarray(from, from + Math.min(255, field.room - 2));
      field.pieces.push({ code, data: part });
      field.room -= part.length + 2;
      from += part.length;
    }
  }
  return from === data.length;
}

/** @param cut whether an option may be cut over the borders of fields */
function fill(options: ReadonlyMap<number, Uint8Array>, room: number, overload: number, cut: boolean): Layout | false {
  const relayAgent = options.get(OPTION.relayAgent);
  const reserved = OVERLOAD_SIZE + (relayAgent === undefined ? 0 : encodedLength(relayAgent.length));
  if (reserved > room) return false;
  const main: Field = { room: room - reserved, pieces: [] };
  const file: Field = { room: FILE_ROOM, pieces: [] };
  const sname: Field = { room: SNAME_ROOM, pieces: [] };
  const fields = [main, ...(overload & 1 ? [file] : []), ...(overload & 2 ? [sname] : [])];
  for (const [code, data] of options) {
    if (code === OPTION.relayAgent) continue;
    if (!putWhole(fields, code, data) && !(cut && putCut(fields, code, data))) return false;
  }
  if (relayAgent !== undefined) main.pieces.push({ code: OPTION.relayAgent, data: relayAgent });
  return { options: main.pieces, file: file.pieces, sname: sname.pieces, overload };
}

/**
 * Distributes options when they do not fit into `room` bytes of the options field (its end mark not counted).
 * `file` is spared as long as possible: there is firmware that reads the boot file only there. Option 82 stays last
 * in the options field, where relays look for it (RFC 3046 section 2.1). When nothing else helps, what the client
 * can do without is left out.
 */
export function layOut(options: ReadonlyMap<number, Uint8Array>, room: number): Layout {
  for (const overload of [2, 1, 3]) {
    const layout = fill(options, room, overload, false);
    if (layout) return layout;
  }
  const left = new Map(options);
  for (const code of EXPENDABLE) {
    const layout = fill(left, room, 3, true);
    if (layout) return layout;
    left.delete(code);
  }
  return fill(left, room, 3, true) || { options: [], file: [], sname: [], overload: 0 };
}
