import assert from "node:assert/strict";
import fc from "fast-check";
import { parseLabelSelector } from "./label_selector.ts";
import { StatusError } from "../status_error.ts";

const LABELS = { app: "web", tier: "back", empty: "", "example.com/n": "12", in: "in" };

const MATCHES: [selector: string, matches: boolean][] = [
  ["", true],
  [" ", true],
  ["app", true],
  ["!app", false],
  ["! app", false],
  ["none", false],
  ["!none", true],
  ["app=web", true],
  ["app==web", true],
  [" app = web ", true],
  ["app=db", false],
  ["app!=db", true],
  ["app!=web", false],
  ["none!=web", true],
  ["none=", false],
  ["empty=", true],
  ["app=", false],
  ["app in (web, db)", true],
  ["app in (db)", false],
  ["none in (db)", false],
  ["app notin (db,other)", true],
  ["app notin (web)", false],
  ["none notin (web)", true],
  ["empty in ()", true],
  ["empty in (a,)", true],
  ["empty in (,a)", true],
  ["empty in (a,,b)", true],
  ["app in (a,,b)", false],
  ["in in (in)", true],
  ["example.com/n>11", true],
  ["example.com/n>12", false],
  ["example.com/n<13", true],
  ["app<13", false],
  ["none>1", false],
  ["app=web,tier=back", true],
  ["app=web,tier!=back", false],
  ["app,!none,tier in (back,front)", true],
  ["constructor", false],
  ["toString=", false],
];

for (const [selector, matches] of MATCHES) {
  Deno.test(`label selector ${JSON.stringify(selector)} ${matches ? "means" : "does not mean"} the labels (Kubernetes, Labels and Selectors)`, () => {
    assert.equal(parseLabelSelector(selector)(LABELS), matches);
  });
}

const NAME = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
  "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must " +
  "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for " +
  "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const LONG = "a".repeat(70);

/** As kube-apiserver 1.35 was seen to answer. */
const REFUSED: [selector: string, message: string][] = [
  ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ["a!b", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"],
  ["a in b", "unable to parse requirement: found 'b' expected: '('"],
  ["==x", "found '==', expected: !, identifier, or 'end of string'"],
  [",", "found ',', expected: !, identifier, or 'end of string'"],
  ["a,", "found '', expected: identifier after ','"],
  ["!", "unable to parse requirement: found '', expected: identifier"],
  ["a=b=c", "found '=', expected: ',' or 'end of string'"],
  ["!a=b", "found '=', expected: ',' or 'end of string'"],
  ["a===b", "unable to parse requirement: found '=', expected: identifier"],
  ["a in (b", "unable to parse requirement: found '', expected: ',' or ')'"],
  ["a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"],
  ["a in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
  ["a in (b,!)", "unable to parse requirement: found '!', expected: ',', or identifier"],
  [
    "a>x",
    "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
  [
    "a>",
    "unable to parse requirement: values[0]: Invalid value: \"\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
  [
    "a>99999999999999999999",
    "unable to parse requirement: values[0]: Invalid value: \"99999999999999999999\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
  ["a>+5", `unable to parse requirement: values[0][a]: Invalid value: "+5": ${VALUE}`],
  ["a=-x-", `unable to parse requirement: values[0][a]: Invalid value: "-x-": ${VALUE}`],
  [
    "a in (-b,c-)",
    `unable to parse requirement: [values[0][a]: Invalid value: "-b": ${VALUE}, values[1][a]: Invalid value: "c-": ${VALUE}]`,
  ],
  [`a=${LONG}`, `unable to parse requirement: values[0][a]: Invalid value: "${LONG}": must be no more than 63 bytes`],
  ["-a", `unable to parse requirement: <nil>: Invalid value: "-a": name part ${NAME}`],
  [LONG, `unable to parse requirement: <nil>: Invalid value: "${LONG}": name part must be no more than 63 bytes`],
  [
    "a/b/c",
    `unable to parse requirement: <nil>: Invalid value: "a/b/c": a valid label key ${NAME} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
  ],
  ["/c", 'unable to parse requirement: <nil>: Invalid value: "/c": prefix part must be non-empty'],
  [
    "a/",
    `unable to parse requirement: <nil>: Invalid value: "a/": name part must be non-empty; name part ${NAME}`,
  ],
];

for (const [selector, message] of REFUSED) {
  Deno.test(`label selector ${JSON.stringify(selector)} is refused in the words of kube-apiserver`, () => {
    assert.throws(() => parseLabelSelector(selector), (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.message, message);
      return error.code === 400;
    });
  });
}

Deno.test("property: any text is a selector or refused with 400", () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'ab=!<>(),/ in-"\\é') }), (text) => {
    try {
      parseLabelSelector(text)(LABELS);
    } catch (error) {
      assert.ok(error instanceof StatusError && error.code === 400);
    }
  }));
});
