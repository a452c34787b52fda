/** What names of objects may be (Kubernetes documentation, "Object Names and IDs"). */
import type { Kind } from "../kind.ts";

/** A form that names have: how long, of what, and how a refusal words it. */
interface NameForm {
  readonly max: number;
  readonly pattern: RegExp;
  readonly words: string;
}

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

const SUBDOMAIN: NameForm = {
  max: 253,
  pattern: new RegExp(`^${LABEL}(\\.${LABEL})*$`),
  words:
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " +
    `and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${LABEL}(\\.${LABEL})*')`,
};
const DNS_LABEL: NameForm = {
  max: 63,
  pattern: new RegExp(`^${LABEL}$`),
  words:
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end " +
    `with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`,
};
const SERVICE: NameForm = {
  max: 63,
  pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
  words: "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic " +
    "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is " +
    "'[a-z]([-a-z0-9]*[a-z0-9])?')",
};

function problems(name: string, form: NameForm): string[] {
  const { max, pattern, words } = form;
  const found = name.length > max ? [`must be no more than ${max} characters`] : [];
  if (pattern.test(name)) return found;
  const onlyDots = form === DNS_LABEL && SUBDOMAIN.pattern.test(name);
  return [...found, onlyDots ? "must not contain dots" : words];
}

/** What is wrong with a label of DNS (RFC 1123), such as a container's name. */
export const dnsLabelProblems = (name: string): string[] => problems(name, DNS_LABEL);
/** What is wrong with a name of a Service (RFC 1035). */
export const serviceNameProblems = (name: string): string[] => problems(name, SERVICE);

/** What is wrong with the name of an object of this kind; `prefix`: more comes after it, so that it may end with a dash. */
export function nameProblems(
  { builtIn, kind }: Pick<Kind, "builtIn" | "kind">,
  name: string,
  prefix = false,
): string[] {
  const whole = prefix ? name.replace(/-$/, "a") : name;
  if (builtIn && kind === "Event") return [];
  if (builtIn && kind === "Namespace") return problems(whole, DNS_LABEL);
  return problems(whole, builtIn && kind === "Service" ? SERVICE : SUBDOMAIN);
}
