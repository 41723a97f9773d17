import { createHash } from "node:crypto";
import type { BackendStatus } from "../../../durable-objects/account/rpc/account-types.ts";
import { ASKS_OWNER, READS_BROKER, READS_GATEWAY } from "../../../src/mcp/define-tool.ts";
import { toJsonObject } from "../../../src/mcp/to-json.ts";
import { type ToolCase, takesAccount, takesNothing } from "./case.ts";

const HEALTH = { gateway: "ok", sidecar: "online", checked_at: "2026-11-20T09:00:00.000Z" };

const OFFLINE: BackendStatus = {
  sidecar: {
    state: "offline",
    sidecar_id: "sc_1",
    machine: "study",
    connected_since: null,
    last_seen_at: "2026-11-20T08:59:00.000Z",
  },
  broker: {
    state: "login_required",
    mode: "unknown",
    generation: null,
    observed_at: "2026-11-20T08:58:00.000Z",
    source: "client_portal",
    market_note: null,
  },
  next_step: "Start the sidecar on your PC.",
};

/** RFC 6962 leaf hash of a text. */
const leafOf = (entry: string) => createHash("sha256").update(`\0${entry}`).digest("hex");
const ORDER_REF = `ieg1-${"0".repeat(32)}`;
const ENTRIES = ["entry two", "entry three"];
const EXPORT_PART = {
  origin: "gw.example/audit/0",
  account: "acct",
  fromIndex: 1,
  rangeEnd: 9,
  left: ["left"],
  entries: ENTRIES,
  leafHashes: ENTRIES.map(leafOf),
  openings: [],
  heads: [{ size: 3, note: "older" }],
  size: 12,
  checkpoint: "head",
  tail: ["tail"],
  policy: "quorum none",
};
const EXPORTED = ENTRIES.map(
  (entry, at) =>
    `{"entry":"${entry}","index":${at + 1},"leaf_hash":"${leafOf(entry)}","seq":${at + 2}}\n`,
).join("");

/** Tools about the gateway itself: its state, its bounds, its log. */
export const GATEWAY_TOOLS: Record<string, ToolCase> = {
  ibkr_access_request: {
    scope: null,
    hints: READS_GATEWAY,
    operations: ["access.request"],
    rules: [takesNothing],
  },
  ibkr_health: {
    scope: "ibkr:health:read",
    hints: READS_GATEWAY,
    operations: ["gateway.health"],
    rules: [
      takesNothing,
      {
        it: "names an argument it does not have",
        refuses: [[{ verbose: true }, 'no argument "verbose"']],
      },
      {
        it: "shows the object's answer and nothing that is not in its form",
        shows: [
          { result: HEALTH, shown: HEALTH },
          { result: { ...HEALTH, device_key: "x" }, shown: HEALTH },
          { result: { ...HEALTH, sidecar: "maybe" }, shown: null },
        ],
      },
    ],
  },
  ibkr_backend_status: {
    scope: "ibkr:health:read",
    hints: READS_GATEWAY,
    operations: ["backend.status"],
    rules: [
      takesNothing,
      {
        it: "shows what the account object calls its backend status",
        shows: [{ result: toJsonObject(OFFLINE), shown: toJsonObject(OFFLINE) }],
      },
    ],
  },
  ibkr_session_requirements: {
    scope: "ibkr:health:read",
    hints: READS_BROKER,
    // The sidecar's word, not the edge's memory.
    operations: ["session.status"],
    rules: [takesNothing],
  },
  ibkr_session_renew: {
    scope: "ibkr:health:read",
    hints: READS_BROKER,
    operations: ["session.renew"],
    rules: [
      takesNothing,
      {
        it: "cannot be asked to take the session over",
        refuses: [
          [{ takeover: true }, 'no argument "takeover"'],
          [{ compete: true }, 'no argument "compete"'],
        ],
      },
    ],
  },
  ibkr_alerts: {
    scope: "ibkr:marketdata:read",
    hints: READS_BROKER,
    operations: ["alerts.list", "alerts.get"],
    rules: [
      takesAccount(),
      {
        it: "lists them, or opens one",
        takes: [
          [{}, {}, "alerts.list"],
          [
            { alert_id: "9", account_id: "DU1234567" },
            { alert_id: "9", account_id: "DU1234567" },
            "alerts.get",
          ],
        ],
        refuses: [[{ alert_id: "all" }, "alert_id"]],
      },
    ],
  },
  ibkr_kill_switch_status: {
    scope: "ibkr:risk:read",
    hints: READS_GATEWAY,
    operations: ["trade.kill_status"],
    rules: [
      takesNothing,
      { it: "cannot be asked to lift it", refuses: [[{ lift: true }, 'no argument "lift"']] },
    ],
  },
  ibkr_kill_switch_engage: {
    scope: "ibkr:orders:preview",
    // It can end working orders, and sends nothing to the broker by itself.
    hints: { ...ASKS_OWNER, destructiveHint: true },
    operations: ["trade.kill"],
    rules: [
      {
        it: "stops, and has no way to start again",
        takes: [[{ reason: "odd prices" }, { reason: "odd prices", cancel_working_orders: false }]],
        refuses: [
          [{ reason: "odd prices", engaged: false }, "engaged"],
          [{ reason: "odd prices", lift: true }, "lift"],
          [{ reason: "" }, "reason"],
        ],
      },
    ],
  },
  ibkr_limits_status: {
    scope: "ibkr:risk:read",
    hints: READS_GATEWAY,
    operations: ["trade.limits"],
    rules: [takesAccount()],
  },
  ibkr_audit_tail: {
    scope: "ibkr:audit:read",
    hints: READS_GATEWAY,
    operations: ["audit.tail"],
    rules: [
      {
        it: "starts at the newest record, bounds a page, and takes no sequence number past the cursor",
        takes: [
          [{}, { limit: 20 }],
          [{ limit: 200 }, { limit: 200 }],
        ],
        refuses: [
          [{ limit: 201 }, "limit must be at most 200"],
          [{ beforeSeq: 7 }, "beforeSeq"],
        ],
      },
    ],
    pages: { args: {}, input: {}, position: "beforeSeq" },
  },
  ibkr_audit_export: {
    scope: "ibkr:audit:export",
    hints: READS_GATEWAY,
    operations: ["audit.export"],
    rules: [
      {
        it: "bounds a part, and takes a range by index or time",
        takes: [
          [{}, { limit: 100 }],
          [
            { from_index: "0", to_index: 7, from: "2026-11-30T08:00:00+01:00" },
            { limit: 100, fromIndex: 0, toIndex: 7, from: "2026-11-30T08:00:00+01:00" },
          ],
        ],
        refuses: [
          [{ limit: 201 }, "limit must be at most 200"],
          [{ from: "yesterday" }, "from"],
          [{ fromIndex: 1 }, "fromIndex"],
        ],
      },
      {
        it: "writes the records as lines, oldest first, under the hash of exactly those bytes",
        shows: [
          {
            result: EXPORT_PART,
            shown: {
              format: "jsonl",
              origin: "gw.example/audit/0",
              account: "acct",
              first_seq: 2,
              last_seq: 3,
              from_index: 1,
              range_end: 9,
              head_seq: 12,
              records: 2,
              sha256: createHash("sha256").update(EXPORTED).digest("hex"),
              payload: EXPORTED,
              checkpoint: "head",
              left: ["left"],
              tail: ["tail"],
              older_checkpoints: [{ size: 3, note: "older" }],
              trust_policy: "quorum none",
            },
          },
        ],
      },
    ],
    pages: { args: {}, input: {}, position: "fromIndex" },
  },
  ibkr_order_evidence: {
    scope: "ibkr:audit:export",
    hints: READS_GATEWAY,
    operations: ["order.evidence"],
    rules: [
      {
        it: "takes an order's reference, whole",
        takes: [[{ order_ref: ORDER_REF }, { order_ref: ORDER_REF }]],
        refuses: [
          [{}, "order_ref"],
          [{ order_ref: [] }, "order_ref"],
          [{ order_ref: ORDER_REF, account_id: "DU1" }, "account_id"],
        ],
      },
    ],
  },
};
