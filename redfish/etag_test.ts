import assert from "node:assert/strict";
import { ifMatch, nextTag, type TagForm, type TagTry } from "./etag.ts";

/** What is sent after each refusal, until nothing is left. */
function trail(statuses: readonly number[], tag: string | undefined): string {
  const forms: TagForm[] = [];
  let tried: TagTry | undefined = { form: "as given", rereads: 0 };
  for (const status of statuses) {
    if (tried === undefined) break;
    tried = nextTag(tried, status, tag);
    if (tried !== undefined) forms.push(tried.form);
  }
  return forms.join(", ");
}

Deno.test("RFC 9110 13.1.1: what is tried after 412 and 428, and that it ends", () => {
  const cases: readonly [string, readonly number[], string | undefined, string][] = [
    ["a tag that changed meanwhile (Lenovo)", [412], '"a"', "as given"],
    ["a weak tag that is refused as it is", [412, 412], 'W/"a"', "as given, strong"],
    ["a tag that never fits", [412, 412, 412, 412], 'W/"a"', "as given, strong, none"],
    ["a strong one", [412, 412, 412], '"a"', "as given, none"],
    ["a bare one (iRMC)", [412, 412, 412], "1778128217", "as given, none"],
    ["no tag, and one is wanted", [428], undefined, "as given"],
    ["one is wanted, and there is none", [428, 428], undefined, "as given"],
    ["without one it is wanted again", [412, 412, 428], '"a"', "as given, none"],
    ["another refusal", [400], '"a"', ""],
  ];
  for (const [name, statuses, tag, wanted] of cases) assert.equal(trail(statuses, tag), wanted, name);
});

Deno.test("ifMatch() sends a tag as it was given, bare ones too, and never an empty one", () => {
  const cases: readonly [TagForm, string | undefined, Record<string, string>][] = [
    ["as given", 'W/"a"', { "If-Match": 'W/"a"' }],
    ["as given", "1778128217", { "If-Match": "1778128217" }],
    ["strong", 'W/"a"', { "If-Match": '"a"' }],
    ["none", '"a"', {}],
    ["as given", "", {}],
    ["as given", '"a"\r\nX-Other: b', {}],
    ["as given", '"\u2192"', {}],
    ["as given", "a".repeat(1000), {}],
    ["as given", undefined, {}],
  ];
  for (const [form, tag, wanted] of cases) assert.deepEqual(ifMatch({ form, rereads: 0 }, tag), wanted);
});
