/** The string formats that Kubernetes checks in a CustomResourceDefinition; it ignores all others. */
import { isIP } from "node:net";

const UUID = (third: string, fourth: string) =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${third}-?${fourth}-?[0-9a-f]{12}$`, "i");
const HEX4 = "[0-9a-f]{4}";
const DURATION_UNIT =
  "(?:ns|nano|nanosecond|us|µs|micro|microsecond|ms|milli|millisecond|s|sec|second|m|min|minute|h|hr|hour|d|day|w|wk|week)s?";
const LABEL = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?";

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return false;
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && month > 0;
}

function isDateTime(text: string): boolean {
  const match = /^(.{10})t(\d\d):(\d\d):(\d\d)(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/i.exec(text);
  if (match === null) return false;
  const [hour = 0, minute = 0, second = 0] = match.slice(2, 5).map(Number);
  return isDate(match[1] ?? "") && hour < 24 && minute < 60 && second < 60;
}

/** Zeroes in front are allowed here. */
function isIpv4(text: string): boolean {
  return isIP(text.replace(/(^|\.)0+(?=\d)/g, "$1")) === 4;
}

function isUri(text: string): boolean {
  if (/[\p{Cc} ]/u.test(text)) return false;
  return text.startsWith("/") || URL.canParse(text);
}

/** An address, alone or after a name in angle brackets. */
function isEmail(text: string): boolean {
  const address = /^[^<>@]*<([^<>]*)>$/.exec(text)?.[1] ?? text;
  return /^[^\s@<>",;:\\[\]()]+@[^\s@<>",;:\\()]+$/.test(address);
}

function isMac(text: string): boolean {
  const separator = /[:.-]/.exec(text)?.[0] ?? "";
  const groups = separator === "" ? text.match(/.{1,2}/g) ?? [] : text.split(separator);
  const length = groups.length * (separator === "." ? 2 : 1);
  const group = separator === "." ? /^[0-9a-f]{4}$/i : /^[0-9a-f]{2}$/i;
  return [6, 8, 20].includes(length) && groups.every((one) => group.test(one));
}

function isCidr(text: string): boolean {
  const [address = "", bits = "", more] = text.split("/");
  const family = isIP(address);
  return more === undefined && family !== 0 && /^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

const CHECKS: Readonly<Record<string, RegExp | ((text: string) => boolean)>> = {
  bsonobjectid: /^[0-9a-f]{24}$/i,
  uri: isUri,
  email: isEmail,
  hostname: (text) =>
    text.length <= 255 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/i.test(text),
  ipv4: isIpv4,
  ipv6: (text) => isIP(text) === 6,
  cidr: isCidr,
  mac: isMac,
  uuid: UUID(HEX4, HEX4),
  uuid3: UUID("3[0-9a-f]{3}", HEX4),
  uuid4: UUID("4[0-9a-f]{3}", "[89ab][0-9a-f]{3}"),
  uuid5: UUID("5[0-9a-f]{3}", "[89ab][0-9a-f]{3}"),
  hexcolor: /^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i,
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/,
  password: /^/,
  date: isDate,
  duration: new RegExp(`^(?:[-+]?(?:(?:\\d+\\.?\\d*|\\.\\d+)(?:ns|us|µs|ms|s|m|h))+|[-+]?0|\\d+\\s*${DURATION_UNIT})$`),
  datetime: isDateTime,
  k8sshortname: new RegExp(`^${LABEL}$`),
  k8slongname: new RegExp(`^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$`),
};

/** Formats that are known to Kubernetes and not checked here, since nobody gives a machine one: their values pass. */
const UNCHECKED = new Set(["isbn", "isbn10", "isbn13", "creditcard", "ssn", "rgbcolor"]);

const normal = (format: string) => format.replaceAll("-", "");

/** Whether Kubernetes checks this format; a string of a format it does not check only has to be a string. */
export function isKnownFormat(format: string): boolean {
  return Object.hasOwn(CHECKS, normal(format)) || UNCHECKED.has(normal(format));
}

/** Whether a text is of a known format. */
export function isOfFormat(text: string, format: string): boolean {
  const check = CHECKS[normal(format)];
  if (check === undefined) return true;
  return typeof check === "function" ? check(text) : check.test(text);
}
