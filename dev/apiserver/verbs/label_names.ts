/** What keys and values of labels may be (Kubernetes documentation, Labels and Selectors, "Syntax and character set"). */

const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAME_EXAMPLES = "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const MUST_CONSIST =
  `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character ${NAME_EXAMPLES}`;
const BAD_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const BAD_SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** What is wrong with a key such as `example.com/name`; the same holds for annotations and finalizers. */
export function labelKeyProblems(key: string): string[] {
  const parts = key.split("/");
  const [name, prefix] = parts.length === 1 ? [key, undefined] : [parts[1]!, parts[0]!];
  if (parts.length > 2) {
    return [
      `a valid label key ${MUST_CONSIST} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const problems: string[] = [];
  if (prefix === "") problems.push("prefix part must be non-empty");
  else if (prefix !== undefined) {
    if (prefix.length > 253) problems.push("prefix part must be no more than 253 bytes");
    if (!SUBDOMAIN.test(prefix)) problems.push(`prefix part ${BAD_SUBDOMAIN}`);
  }
  if (name === "") problems.push("name part must be non-empty");
  else if (name.length > 63) problems.push("name part must be no more than 63 bytes");
  if (!NAME.test(name)) problems.push(`name part ${MUST_CONSIST}`);
  return problems;
}

/** What is wrong with a value. */
export function labelValueProblems(value: string): string[] {
  const problems: string[] = [];
  if (value.length > 63) problems.push("must be no more than 63 bytes");
  if (value !== "" && !NAME.test(value)) problems.push(BAD_VALUE);
  return problems;
}
