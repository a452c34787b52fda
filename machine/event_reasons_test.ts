import { deepEqual } from "node:assert/strict";
import operations from "../docs/operations.md" with { type: "text" };
import { EVENT_REASONS } from "./event_reasons.ts";

Deno.test("docs/operations.md says what to do about each reason of an Event, and about no other", () => {
  const [, table] = operations.split("| reason | what to do |\n|---|---|\n");
  const rows = table!.split("\n\n")[0]!.split("\n").map((row) => row.split("|")[1]!);
  const documented = rows.flatMap((reasons) => reasons.split(",").map((reason) => reason.trim()));
  deepEqual(documented.toSorted(), Object.keys(EVENT_REASONS).toSorted());
});
