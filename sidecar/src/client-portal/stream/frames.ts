import { parseWireJson } from "../wire-json.ts";
import { toBoolean, toConid, toInteger, toList, toRecord, toText } from "../wire-values.ts";

/**
 * What the gateway's WebSocket says, sorted by topic. Frames are JSON objects with a `topic`;
 * some builds send invalid UTF-8 now and then, so nothing here may throw.
 */
export type RawRow = Record<string, unknown>;

export type Frame =
  /** `at`: the broker's own clock, ms. */
  | { kind: "heartbeat"; at: number | null }
  | { kind: "greeting"; isPaper: boolean | null }
  /** Often one key a frame; null is "not said". */
  | { kind: "session"; authenticated: boolean | null; competing: boolean | null }
  | { kind: "waiting" }
  | { kind: "orders"; rows: RawRow[] }
  | { kind: "executions"; rows: RawRow[] }
  | { kind: "pnl"; partitions: RawRow }
  | { kind: "quote"; conid: number; fields: RawRow }
  | { kind: "ladder"; rows: RawRow[] }
  | { kind: "notice"; row: RawRow }
  | { kind: "bulletin"; row: RawRow }
  | { kind: "no_data" }
  | { kind: "other"; topic: string }
  | { kind: "unreadable" };

export function readFrame(text: string): Frame {
  let json: unknown;
  try {
    json = parseWireJson(text);
  } catch {
    return { kind: "unreadable" };
  }
  const frame = toRecord(json);
  if (frame === null) return { kind: "unreadable" };
  const topic = toText(frame.topic);
  if (topic === null) {
    if (toText(frame.message) === "waiting for session") return { kind: "waiting" };
    return frame.error === undefined ? { kind: "other", topic: "" } : { kind: "no_data" };
  }
  const args = frame.args;
  switch (topic.slice(0, 3)) {
    case "sys":
      return "hb" in frame
        ? { kind: "heartbeat", at: toInteger(frame.hb) }
        : { kind: "greeting", isPaper: toBoolean(frame.isPaper) };
    case "sts": {
      const said = toRecord(args) ?? {};
      return {
        kind: "session",
        authenticated: toBoolean(said.authenticated),
        competing: toBoolean(said.competing),
      };
    }
    case "act":
      return { kind: "greeting", isPaper: toBoolean(toRecord(args)?.isPaper) };
    case "sor":
      return { kind: "orders", rows: rowsOf(args) };
    case "str":
      return { kind: "executions", rows: rowsOf(args) };
    case "spl":
      return { kind: "pnl", partitions: toRecord(args) ?? {} };
    case "sbd":
      return { kind: "ladder", rows: rowsOf(frame.data ?? args) };
    case "smd": {
      const conid = toConid(frame.conid) ?? toConid(topic.split("+")[1]?.split("@")[0]);
      return conid === null ? { kind: "other", topic } : { kind: "quote", conid, fields: frame };
    }
    case "ntf":
      return { kind: "notice", row: toRecord(args) ?? {} };
    case "blt":
      return { kind: "bulletin", row: toRecord(args) ?? {} };
    default:
      return { kind: "other", topic: topic.slice(0, 20) };
  }
}

function rowsOf(value: unknown): RawRow[] {
  return (toList(value) ?? []).flatMap((row) => {
    const record = toRecord(row);
    return record === null ? [] : [record];
  });
}
