/**
 * What cannot be read from a BMC's documents and would cost a refusal, or more, to find out. One row, one fact. All
 * else follows from the documents and from what a BMC answers, so a BMC that is in no row works as well.
 */
import { asDocument, textAt, valueAt } from "./document.ts";

/** One fact about how a boot override is to be set. */
export type Quirk =
  /** BootSourceOverrideMode is shown and cannot be written. */
  | "mode is read-only"
  /** Continuous does not exist, though no list says so. */
  | "no Continuous"
  /** UefiHttp with Continuous changes the permanent boot order. */
  | "UefiHttp only Once";

interface Row {
  /** What the service root says of the BMC: its Vendor, or a key of its Oem. */
  readonly says: string;
  readonly quirk: Quirk;
  readonly source: string;
}

const ROWS: readonly Row[] = [
  { says: "Hpe", quirk: "mode is read-only", source: "ansible-collections/community.general #3509, #3690 (iLO 5)" },
  { says: "Hp", quirk: "mode is read-only", source: "ansible-collections/community.general #3690 (iLO 4)" },
  { says: "HPE", quirk: "mode is read-only", source: "root Vendor of iLO 6; the same issues" },
  { says: "Lenovo", quirk: "no Continuous", source: "list of an XCC (SR670 V2); XCC3 (SR650 V4) has no list" },
  { says: "Dell", quirk: "UefiHttp only Once", source: "dell/iDRAC-Redfish-Scripting #319 (iDRAC9)" },
];

/** The facts that hold for a BMC with this service root. */
export function quirksOf(root: unknown): ReadonlySet<Quirk> {
  const names = new Set([textAt(root, "Vendor"), ...Object.keys(asDocument(valueAt(root, "Oem")) ?? {})]);
  return new Set(ROWS.filter((row) => names.has(row.says)).map((row) => row.quirk));
}
