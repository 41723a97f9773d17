import type { WireAnswer } from "./transport.ts";
import { parseWireJson } from "./wire-json.ts";
import { toRecord, toText } from "./wire-values.ts";

/**
 * What an HTTP answer of the gateway means. 200 is not success there, 500 is often a plain "no",
 * and 401 is also said about an unknown account; so the body is read before the status is believed.
 */
export type Verdict =
  | { kind: "ok"; json: unknown }
  /** 2xx without a body. */
  | { kind: "empty" }
  /** `/iserver/accounts` must be asked first. */
  | { kind: "not_primed" }
  | { kind: "unauthorized" }
  /** Single sign-on may live; the brokerage session does not. */
  | { kind: "no_brokerage" }
  | { kind: "denied" }
  | { kind: "rate_limited" }
  /** The broker said no; `text` is its reason, for the log and for matching, never for the caller. */
  | { kind: "refused"; status: number; text: string }
  /** 5xx without a reason of its own. */
  | { kind: "unavailable"; status: number }
  /** 2xx that is not the JSON it should be. */
  | { kind: "unreadable" };

export function judgeAnswer(answer: WireAnswer): Verdict {
  const { status } = answer;
  if (status === 429) return { kind: "rate_limited" };
  const body = answer.text.trim();
  const json = readJson(body);
  const reason = reasonIn(json.value);
  if (reason !== null) {
    if (/query \/accounts first/i.test(reason)) return { kind: "not_primed" };
    if (/no bridge|init session first|not authenticated/i.test(reason))
      return { kind: "no_brokerage" };
    if (/^no session$/i.test(reason)) return { kind: "unauthorized" };
    if (/too many (history charts )?requests/i.test(reason) && status >= 500) {
      return { kind: "unavailable", status };
    }
  }
  if (status === 401 || status === 410) return { kind: "unauthorized" };
  if (status === 403 && json.value === undefined) return { kind: "denied" };
  if (status >= 500 && (reason === null || status === 502 || status === 504)) {
    return { kind: "unavailable", status };
  }
  if (status >= 400) return { kind: "refused", status, text: reason ?? body.slice(0, 500) };
  if (status >= 300 || status < 200) return { kind: "unreadable" };
  if (reason !== null) return { kind: "refused", status, text: reason };
  if (body === "") return { kind: "empty" };
  return json.value === undefined ? { kind: "unreadable" } : { kind: "ok", json: json.value };
}

function readJson(body: string): { value: unknown } {
  // A page, or plain words: no JSON document of this API starts like that.
  if (body === "" || body.startsWith("<")) return { value: undefined };
  try {
    return { value: parseWireJson(body) };
  } catch {
    return { value: undefined };
  }
}

function reasonIn(json: unknown): string | null {
  const record = toRecord(json);
  if (record === null) return null;
  const plain = toText(record.error);
  if (plain !== null) return plain;
  // RFC 9457 problem documents from the edge in front of the broker.
  return typeof record.status === "number" && record.status >= 400 ? toText(record.title) : null;
}
