import { DatabaseSync } from "node:sqlite";
import { CHECKS } from "@ibkr-edge-gateway/policy/registry.ts";
import type { OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { loadPairing } from "../../../sidecar/src/config/pairing-file.ts";
import { orderStorePath } from "../../../sidecar/src/orders/local-policy/order-settings.ts";
import type { Load } from "./agent.ts";
import type { BrokerOrder, EdgeIntent, OrderEvidence } from "./verdict.ts";
import type { World } from "./world.ts";

/** Reads what everybody has written: the broker's own book, the object's tables, the PC's journal. */
export async function gatherEvidence(world: World, load: Load): Promise<OrderEvidence> {
  const book =
    await world.broker<
      {
        id: number;
        ref?: string;
        parent?: number;
        status: string;
        filled: string;
        lost: boolean;
      }[]
    >("GET /orders");
  const broker = book.map(
    ({ id, ref, parent, status, filled, lost }): BrokerOrder => ({
      id,
      ref: ref ?? null,
      parent: parent ?? null,
      status,
      filled: String(filled),
      lost,
    }),
  );
  const edge = await world.sql<EdgeIntent>(
    "SELECT coid, action, state, approval_id, effect FROM order_intents",
  );
  const leaves = await world.sql<{ coid: string; n: number }>(
    `SELECT json_extract(event, '$.meta.coid') AS coid, COUNT(*) AS n FROM audit_log
     WHERE json_extract(event, '$.type') = 'order.submitted' GROUP BY 1`,
  );
  return {
    requests: load.requests,
    broker,
    edge,
    pc: pcStates(world.pc.configDir),
    leaves: Object.fromEntries(leaves.map(({ coid, n }) => [coid, n])),
    entryCodes: ENTRY_CODES,
  };
}

/** Codes of the checks that an exit skips, and of no check that it does not. */
const ENTRY_CODES = CHECKS.filter(({ scope }) => scope === "entries")
  .map(({ code }) => code)
  .filter((code) => CHECKS.every((check) => check.code !== code || check.scope === "entries"))
  .concat("KILL_SWITCH_CLOSED", "LOCAL_KILL_SWITCH");

function pcStates(configDir: string): Record<string, OrderState> {
  const pairing = loadPairing(configDir);
  if (pairing === null) return {};
  const db = new DatabaseSync(orderStorePath(configDir, pairing), { readOnly: true });
  try {
    const rows = db.prepare("SELECT coid, state FROM intents").all();
    // The journal's own column, which holds nothing else.
    return Object.fromEntries(rows.map((row) => [String(row.coid), row.state as OrderState]));
  } finally {
    db.close();
  }
}
