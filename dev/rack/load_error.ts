/** A file that could not be loaded. */
export class LoadError extends Error {
  /** The class, in logs. */
  override name = "LoadError";
  /** The server does not have it, says no, or says nothing. */
  readonly kind: "missing" | "refused" | "silent";
  /** What the server said, or what was wrong, without the file's name. */
  readonly reason: string;

  /**
   * Names the file.
   * @param message with the file's name and how it was asked for
   */
  constructor(message: string, kind: LoadError["kind"], reason: string) {
    super(message);
    this.kind = kind;
    this.reason = reason;
  }
}
