/** Opening the file that objects are kept in: whose file it is, of which version, and that nobody else writes it. */
import { DatabaseSync } from "node:sqlite";

/** The folder of the state cannot be used; the message says what to do. */
export class StateError extends Error {
  /** The class, in logs. */
  override name = "StateError";
}

/** In the file's header (PRAGMA application_id): "mmst". */
const APPLICATION_ID = 0x6d6d7374;
/** Of the tables (PRAGMA user_version). A file of another one is refused: its objects are made again in seconds. */
const SCHEMA_VERSION = 1;

/**
 * Every write of an object is one row, in the order of revisions; `before` is the revision of the object that it replaced.
 * What an object was at any revision, and what a watch has to tell, follow from that without another index.
 */
const TABLES = `
  CREATE TABLE versions (
    revision INTEGER PRIMARY KEY,
    resource TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    before INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    written_ms INTEGER NOT NULL,
    object TEXT NOT NULL
  );
  CREATE TABLE forgotten (up_to INTEGER NOT NULL);
  INSERT INTO forgotten VALUES (0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};`;

/** A database in memory. */
export function openMemory(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec(TABLES);
  return database;
}

/**
 * The database in a file, made where there is none. The lock is held until it is closed.
 * @throws {StateError} for a file of somebody else or of another version, without the rights, or while another process uses it
 */
export function openFile(path: string): DatabaseSync {
  const isNew = checkHeader(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    // The tables come first: in WAL mode they would be in another file until the first checkpoint, and the header not ours.
    // WAL needs no flush per write: after a crash of this program all is there, after one of the machine all but the last moments.
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      BEGIN EXCLUSIVE;
      ${isNew ? TABLES : ""}
      COMMIT;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;`);
    return database;
  } catch (error) {
    database?.close();
    throw unusable(path, error);
  }
}

/** SQLite cannot read or lock the file. */
export function unusable(path: string, error: unknown): StateError {
  // node:sqlite gives SQLite's text and no code.
  const message = error instanceof Error ? error.message : String(error);
  if (/locked/.test(message)) {
    return new StateError(`${path} is in use by another process: stop that one, or name another folder with --state`);
  }
  return new StateError(`${path} cannot be used (${message}): remove it, or name another folder with --state`);
}

/** Whether the file is yet to be filled; it is made readable by its owner alone, as it holds Secrets. */
function checkHeader(path: string): boolean {
  const header = new Uint8Array(100);
  let size: number;
  try {
    using file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
    size = file.readSync(header) ?? 0;
  } catch (error) {
    throw unreadable(path, error);
  }
  if (size === 0) return true;
  const view = new DataView(header.buffer);
  const isDatabase = new TextDecoder().decode(header.subarray(0, 16)) === "SQLite format 3\0";
  if (!isDatabase || view.getUint32(68) !== APPLICATION_ID) {
    throw new StateError(`${path} is not a state of metalman: name another folder with --state`);
  }
  const version = view.getUint32(60);
  if (version !== SCHEMA_VERSION) {
    throw new StateError(
      `${path} is of version ${version}, this metalman reads version ${SCHEMA_VERSION}: remove it, or name another folder with --state`,
    );
  }
  return false;
}

function unreadable(path: string, error: unknown): StateError {
  const why = error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable
    ? "no right to read and write it"
    : error instanceof Error
    ? error.message
    : String(error);
  return new StateError(`${path} cannot be opened (${why}): name another folder with --state`);
}
