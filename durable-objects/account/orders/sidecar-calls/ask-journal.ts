import { orderStatus } from "@ibkr-edge-gateway/protocol/operation-schemas/intent-status.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { JobService } from "@ibkr-edge-gateway/protocol/service-class.ts";
import type { OrderParts } from "../order-context.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { settle } from "../transactions/settle.ts";
import { askSidecar } from "./ask-sidecar.ts";

/** Asked of the PC at one reading of the book; it costs the broker nothing. */
const ASKED_MAX = 10;

/**
 * Asks the PC's own journal for orders that count as open here and that the book does not show. A PC
 * that died after it had journaled an end, and before it had told it, tells it never: the order would
 * stay open here. Only an end is taken; what is still open says nothing new.
 */
export async function askJournal(
  parts: OrderParts,
  brokerAccount: string,
  missing: readonly string[],
  service: JobService,
): Promise<void> {
  const { storage } = parts;
  const stateOf = (coid: string) => findIntent(storage.sql, coid)?.state ?? null;
  const asked = new Map(missing.map((coid) => [coid, stateOf(coid)]));
  const open = missing.filter((coid) => {
    const state = stateOf(coid);
    return state !== null && !isTerminal(state);
  });
  const answers = await Promise.all(
    open
      .slice(0, ASKED_MAX)
      .map((coid) =>
        askSidecar(
          parts,
          orderStatus,
          { account_id: brokerAccount, coid },
          { scope: "ibkr:orders:read", account: brokerAccount, service },
        ),
      ),
  );
  for (const answer of answers) {
    const outcome = answer.ok ? answer.value.intent : null;
    if (outcome === null || !isTerminal(outcome.state)) continue;
    // Something was proved of it meanwhile: the next reading asks again where it still has to.
    if (stateOf(outcome.coid) !== asked.get(outcome.coid)) continue;
    settle(storage, outcome.coid, { kind: "outcome", outcome }, parts.now(), parts.log);
  }
}
