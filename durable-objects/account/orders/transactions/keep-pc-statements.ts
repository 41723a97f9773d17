import type {
  ApproverStatement,
  StatedOrder,
} from "@ibkr-edge-gateway/protocol/operation-schemas/own-book.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { OrderParts } from "../order-context.ts";
import { findEvidence } from "../tables/evidence.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { keepPcApprover } from "../tables/pc-approvers.ts";
import { keepPcStatement } from "../tables/pc-statements.ts";
import { noteStated } from "./settle-evidence.ts";

/**
 * Keeps what a PC has stated of orders, each once; of an order that has ended another entry of the log
 * names it.
 */
export function keepPcStatements(
  { storage: { sql }, log }: OrderParts,
  { pc_key: pcKey, statements }: StatedOrder,
  sidecarId: string,
): void {
  const stated = new Set<string>();
  for (const statement of statements) {
    const { coid, kind } = statement.body;
    // Only of what this gateway let out: a PC fills no table with names of its own making.
    const intent = findIntent(sql, coid);
    if (intent === null) continue;
    // It has ended and nothing is kept of it: no entry could name this, and what was erased stays so.
    if (isTerminal(intent.state) && findEvidence(sql, coid) === null) continue;
    const text = JSON.stringify(statement);
    if (keepPcStatement(sql, { coid, sidecarId, pcKey, kind, statement: text })) stated.add(coid);
  }
  for (const coid of stated) noteStated(sql, coid, log);
}

/** Keeps what a PC has stated of its own approvers. */
export function keepApprovers(
  { storage: { sql } }: Pick<OrderParts, "storage">,
  pcKey: string,
  approvers: readonly ApproverStatement[],
): void {
  for (const statement of approvers) {
    keepPcApprover(sql, {
      credential_id: statement.body.credential_id,
      pc_key: pcKey,
      statement: JSON.stringify(statement),
    });
  }
}
