/** Actions on uploads: OCI distribution-spec 1.1, Pushing Blobs. */
import { bodyPieces, type BodyTimes } from "./body_stream.ts";
import type { LayoutStore } from "./layout_store.ts";
import { Refusal } from "./refusal.ts";
import type { ActionOf } from "./routes.ts";
import { rangeOf, type UploadState, type UploadStore } from "./upload_store.ts";

/** Actions on uploads. */
export type UploadAction = ActionOf<"startUpload" | "uploadStatus" | "appendUpload" | "finishUpload" | "cancelUpload">;

/** Where a piece of a blob begins, and how long it is. */
export interface Piece {
  /** The number of its first byte. */
  readonly start: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * Reads the Content-Range of a piece, `0-1023`; undefined where there is none: the body goes to the end.
 * @throws {Refusal} when it is malformed
 */
export function pieceOf(contentRange: string | null): Piece | undefined {
  if (contentRange === null) return undefined;
  // The specification leaves out the unit, some clients do not.
  const [, start, end] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/.*)?$/.exec(contentRange.trim()) ?? [];
  const size = Number(end) - Number(start) + 1;
  if (start !== undefined && size > 0) return { start: Number(start), size };
  throw new Refusal(416, "BLOB_UPLOAD_INVALID", "Content-Range is FIRST-LAST, the numbers of two bytes");
}

function created(name: string, digest: string): Response {
  const headers = { Location: `/v2/${name}/blobs/${digest}`, "Docker-Content-Digest": digest };
  return new Response(null, { status: 201, headers });
}

function stateOf(status: number, name: string, { id, size }: UploadState): Response {
  const headers = { Location: `/v2/${name}/blobs/uploads/${id}`, Range: rangeOf(size), "Docker-Upload-UUID": id };
  return new Response(null, { status, headers });
}

/** Carries out an action on uploads. */
export async function answerUpload(
  store: LayoutStore,
  uploads: UploadStore,
  action: UploadAction,
  { body, headers }: Request,
  times: BodyTimes,
): Promise<Response> {
  const { name } = action;
  const piece = pieceOf(headers.get("content-range"));
  const pieces = () => checked(bodyPieces(body, times), piece);
  switch (action.kind) {
    case "startUpload": {
      const { mount, digest } = action;
      if (mount !== undefined && await store.mountBlob(name, mount.digest, mount.from)) {
        return created(name, mount.digest);
      }
      const upload = await uploads.start(name);
      if (digest === undefined) return stateOf(202, name, upload);
      await uploads.finish(name, upload.id, digest, piece?.start, pieces());
      return created(name, digest);
    }
    case "uploadStatus":
      return stateOf(204, name, uploads.state(name, action.upload));
    case "appendUpload":
      return stateOf(202, name, await uploads.append(name, action.upload, piece?.start, pieces()));
    case "finishUpload":
      await uploads.finish(name, action.upload, action.digest, piece?.start, pieces());
      return created(name, action.digest);
    case "cancelUpload":
      await uploads.cancel(name, action.upload);
      return new Response(null, { status: 204 });
  }
}

/** @throws {Refusal} when the body is not as long as its Content-Range says */
async function* checked(pieces: AsyncIterable<Uint8Array>, piece: Piece | undefined): AsyncGenerator<Uint8Array> {
  let size = 0;
  const wrong = () =>
    new Refusal(416, "SIZE_INVALID", `Content-Range says that the body has ${piece?.size} bytes, which it has not`);
  for await (const bytes of pieces) {
    size += bytes.length;
    if (piece !== undefined && size > piece.size) throw wrong();
    yield bytes;
  }
  if (piece !== undefined && size < piece.size) throw wrong();
}
