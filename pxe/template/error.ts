/** The one way a template fails. */

/** A template that cannot be parsed or executed; the message is what Go's text/template says. */
export class TemplateError extends Error {
  /** The class, in logs. */
  override name = "TemplateError";
  /** Whether the text itself is wrong, or the text with this machine's data. */
  readonly phase: "parse" | "exec";

  /**
   * In Go's words.
   * @param message one line for log, Event and response
   */
  constructor(phase: "parse" | "exec", message: string) {
    super(message);
    this.phase = phase;
  }
}
