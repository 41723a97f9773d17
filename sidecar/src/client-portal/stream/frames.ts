import { toRecord, wire } from "../readers.ts";
import { parseWireJson } from "../wire-json.ts";

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
  const topic = wire.text.parse(frame.topic);
  if (topic === null) {
    if (wire.text.parse(frame.message) === "waiting for session") return { kind: "waiting" };
    return frame.error === undefined ? { kind: "other", topic: "" } : { kind: "no_data" };
  }
  const args = frame.args;
  switch (topic.slice(0, 3)) {
    case "sys":
      return "hb" in frame
        ? { kind: "heartbeat", at: wire.time.parse(frame.hb) }
        : { kind: "greeting", isPaper: wire.flag.parse(frame.isPaper) };
    case "sts": {
      const said = toRecord(args) ?? {};
      return {
        kind: "session",
        authenticated: wire.flag.parse(said.authenticated),
        competing: wire.flag.parse(said.competing),
      };
    }
    case "act":
      return { kind: "greeting", isPaper: wire.flag.parse(toRecord(args)?.isPaper) };
    case "sor":
      return { kind: "orders", rows: rowsOf(args) };
    case "str":
      return { kind: "executions", rows: rowsOf(args) };
    case "spl":
      return { kind: "pnl", partitions: toRecord(args) ?? {} };
    case "sbd":
      return { kind: "ladder", rows: rowsOf(frame.data ?? args) };
    case "smd": {
      const conid =
        wire.conid.parse(frame.conid) ?? wire.conid.parse(topic.split("+")[1]?.split("@")[0]);
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
  return wire.list.parse(value).flatMap((row) => {
    const record = toRecord(row);
    return record === null ? [] : [record];
  });
}
