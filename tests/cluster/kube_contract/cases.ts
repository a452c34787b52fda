/** All cases of the contract. */
import { cases as discovery } from "./discovery.ts";
import { cases as who } from "./who.ts";
import { cases as crud } from "./crud.ts";
import { cases as kinds } from "./kinds.ts";
import { cases as names } from "./names.ts";
import { cases as list } from "./list.ts";
import { cases as selectors } from "./selectors.ts";
import { cases as table } from "./table.ts";
import { cases as watch } from "./watch.ts";
import { cases as patch } from "./patch.ts";
import { cases as apply } from "./apply.ts";
import { cases as applyInput } from "./apply_input.ts";
import { cases as status } from "./status.ts";
import { cases as schema } from "./schema.ts";
import { cases as deletion } from "./delete.ts";
import { cases as badInput } from "./bad_input.ts";
import type { Case } from "./conversation.ts";

/** In the order they run. */
export const CASES: readonly Case[] = [
  ...discovery,
  ...who,
  ...crud,
  ...kinds,
  ...names,
  ...list,
  ...selectors,
  ...table,
  ...watch,
  ...patch,
  ...apply,
  ...applyInput,
  ...status,
  ...schema,
  ...deletion,
  ...badInput,
];
