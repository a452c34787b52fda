/** The process as a command sees it. */
import type { Permissions } from "./permissions/permissions.ts";

/** What a command may touch of the process. */
export interface Io {
  stdout(text: string): void;
  stderr(text: string): void;
  env(name: string): string | undefined;
  /** Size of the terminal that stdout is; undefined when it is none, or plain output is wanted (NO_COLOR). */
  terminal(): { readonly columns: number; readonly rows: number } | undefined;
  /** Puts a question on the terminal; undefined where there is none to answer it. */
  ask(question: string): Promise<string | undefined>;
  /** Gives up all other permissions; what it has been given a part of may mean that the process starts anew. */
  keep(permissions: Permissions): Promise<void>;
  /** Aborted by SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
  /** The name the executable was called by. */
  readonly calledAs: string;
}
