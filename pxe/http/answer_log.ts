/** One line for each file that a machine asks for over HTTP, as far as the budget of lines goes. */
import { formatIpv4 } from "../../base/address.ts";
import type { Logger } from "../../base/log.ts";
import type { Directory } from "../../machine/directory.ts";
import type { FileAnswer, FileResolver } from "../answer.ts";
import { LineBudget } from "../../base/line_budget.ts";

/** Where lines go and what they are made of. */
export interface AnswerLogOptions {
  readonly log: Logger;
  /** Names the machine. */
  readonly directory: Directory;
  /** The time in milliseconds. */
  readonly now: () => number;
}

/** A boot asks for some twenty files; a flood of requests must not become one of lines. */
const BUDGET = { burst: 200, perSecond: 20 };
/** A path is a stranger's text. */
const MAX_PATH = 200;

/** The resolver, with a line for each answer. */
export function logAnswers(resolve: FileResolver, { log, directory, now }: AnswerLogOptions): FileResolver {
  const budget = new LineBudget(BUDGET);
  const tell = (client: number, path: string, answer: FileAnswer) => {
    if (!budget.take(now())) return;
    const served = answer.kind === "file" || answer.kind === "bytes";
    log.info(served ? "HTTP file" : "HTTP file refused", {
      machine: directory.byIp(client)?.machine.name,
      ip: formatIpv4(client),
      path: path.slice(0, MAX_PATH).toWellFormed(),
      ...(served ? { answer: answer.kind } : { answer: answer.kind, reason: answer.reason }),
      alsoHeldBack: budget.heldBack(),
    });
  };
  return (client, path) => {
    const answer = resolve(client, path);
    if (!(answer instanceof Promise)) {
      tell(client, path, answer);
      return answer;
    }
    return answer.then((settled) => {
      tell(client, path, settled);
      return settled;
    });
  };
}
