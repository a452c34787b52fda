/** html, js and urlquery. */
import { decodeRune, encodeRune, isPrintable } from "../../base/byte_text.ts";

const HTML: Readonly<Record<string, string>> = {
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\0": "\xef\xbf\xbd",
};

/** Makes byte text safe between HTML tags and in attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/["'&<>\0]/g, (char) => HTML[char]!);
}

const hex4 = (n: number) => `\\u${n.toString(16).toUpperCase().padStart(4, "0")}`;

/** Makes byte text safe inside of a JavaScript string. */
export function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=]|[\x80-\xff]+|[^ -\x7f]/g, (match) => {
    if (match >= "\x80") return escapeJsRunes(match);
    return "\\'\"".includes(match) ? `\\${match}` : hex4(match.charCodeAt(0));
  });
}

function escapeJsRunes(text: string): string {
  let out = "";
  for (let at = 0; at < text.length;) {
    const { rune, size } = decodeRune(text, at);
    out += !isPrintable(rune) ? hex4(rune) : size === 1 ? text[at] : encodeRune(rune);
    at += size;
  }
  return out;
}

/** Makes byte text the value of a URL's query. */
export function escapeQuery(text: string): string {
  return text.replace(/[^A-Za-z0-9\-_.~]/g, (char) => {
    if (char === " ") return "+";
    return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}
