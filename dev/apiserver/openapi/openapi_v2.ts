/**
 * GET /openapi/v2. What kubectl needs is in /openapi/v3; it looks here for what it does not find there, and an empty
 * document says that there is nothing else. It asks for protobuf alone.
 */
import { type Answer, jsonAnswer } from "../http/answer.ts";

const PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const TITLE = "metalman dev";

/** openapi.v2.Document: swagger (1), info (2) with title (1) and version (2), of the gnostic project. */
function document(): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const field = (number: number, bytes: Uint8Array) => [number << 3 | 2, bytes.length, ...bytes];
  const text = (number: number, value: string) => field(number, encoder.encode(value));
  const info = new Uint8Array([...text(1, TITLE), ...text(2, "1")]);
  return new Uint8Array([...text(1, "2.0"), ...field(2, info)]);
}

/** The empty document, in the form asked for. */
export function openApiV2(accept: string | null): Answer {
  const empty = { swagger: "2.0", info: { title: TITLE, version: "1" }, paths: {}, definitions: {} };
  const answer = jsonAnswer(200, empty);
  if (!/proto-openapi\.spec\.v2/.test(accept ?? "")) return answer;
  return { ...answer, headers: [["content-type", PROTOBUF]], body: document() };
}
