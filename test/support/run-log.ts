import { fromHex } from "@ibkr-edge-gateway/evidence/bytes.ts";
import { canonicalJson } from "@ibkr-edge-gateway/evidence/canonical-json.ts";
import { opens } from "@ibkr-edge-gateway/evidence/event/commitment.ts";
import { formatEntry } from "@ibkr-edge-gateway/evidence/event/entry.ts";
import { ORIGIN, type SomeLog } from "@ibkr-edge-gateway/evidence/testing/a-log.ts";

export interface RunRow {
  seq: number;
  event: string;
  salts: string | null;
}

/**
 * The first entries of a run's log, as the evidence package's tests take a log. Only the log's name is
 * put into the test's own, whose keys sign it; every other entry is the run's, byte for byte. What opens
 * commitments to the broker account is made from the salts.
 */
export function runLog(rows: readonly RunRow[], account: string, brokerAccount: string): SomeLog {
  const opened = rows.find(({ event }) => event.includes('"log.opened"'));
  const origin: unknown = opened === undefined ? null : JSON.parse(opened.event).meta.origin;
  if (typeof origin !== "string") throw new Error("the run's log has no entry that opens it");
  const payload = canonicalJson(brokerAccount);
  return {
    origin: ORIGIN,
    account,
    entries: rows.map(({ seq, event }) =>
      formatEntry({ account, seq, event: event.replaceAll(origin, ORIGIN) }),
    ),
    openings: rows.flatMap(({ seq, event, salts }) => {
      const text: unknown = salts === null ? null : JSON.parse(salts).account;
      const salt = typeof text === "string" ? fromHex(text) : null;
      if (salt === null) return [];
      const opening = { field: "account", salt, payload };
      return opens(String(JSON.parse(event).account), opening) ? [{ seq, ...opening }] : [];
    }),
  };
}
