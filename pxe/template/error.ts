/** The one way a template fails. */

/** A template that cannot be parsed or executed; the message is what Go's text/template says. */
export class TemplateError extends Error {
  override name = "TemplateError";
  /** Whether the text itself is wrong, or the text with this machine's data. */
  readonly phase: "parse" | "exec";

  /** @param message one line for log, Event and response */
  constructor(phase: "parse" | "exec", message: string) {
    super(message);
    this.phase = phase;
  }
}
