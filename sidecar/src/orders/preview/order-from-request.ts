import type {
  PreviewOutcome,
  PreviewRequest,
} from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import {
  bracketOf,
  cancelOf,
  modifiedOrderOf,
  ocaOf,
  orderOf,
} from "@ibkr-edge-gateway/protocol/orders/build-order.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import { structureFaults } from "@ibkr-edge-gateway/protocol/orders/structure-faults.ts";
import type { SecDef } from "../../client-portal/endpoints/contracts.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import type { ResolvedAccount } from "../../operation-handlers/resolve-account.ts";
import type { OrderStore } from "../journal/order-store.ts";
import { readTarget } from "./read-target-order.ts";
import { type ContractAsked, resolveContract } from "./resolve-contract.ts";

export interface BuiltOrder {
  ok: true;
  order: CanonicalOrder;
  fact: SecDef | null;
  /** What the owner should know of how the contracts were found. */
  notes: string[];
}

type Built = BuiltOrder | Extract<PreviewOutcome, { outcome: "refused" }>;

export const refused = (
  refusals: OrderRefusal[],
  candidates: Extract<PreviewOutcome, { outcome: "refused" }>["candidates"] = [],
): Extract<PreviewOutcome, { outcome: "refused" }> => ({
  outcome: "refused",
  refusals: refusals.slice(0, 50),
  candidates,
});

/** The order that a request means: its contracts resolved, its target read. */
export async function buildOrder(
  parts: { store: OrderStore },
  context: OperationContext,
  account: ResolvedAccount,
  request: PreviewRequest,
  mode: TradingMode,
): Promise<Built> {
  switch (request.kind) {
    case "order":
    case "bracket": {
      const asked: ContractAsked = request.kind === "order" ? request.order : request.bracket;
      const found = await resolveContract(context, asked);
      if (!found.ok) return refused(found.refusals, found.candidates);
      const order =
        request.kind === "order"
          ? orderOf(request.order, found.contract, mode)
          : bracketOf(request.bracket, found.contract, mode);
      return { ok: true, order, fact: found.fact, notes: noted(found.note) };
    }
    case "oca": {
      const members = [];
      const notes = new Set<string>();
      let fact: SecDef | null = null;
      for (const [index, member] of request.orders.entries()) {
        const found = await resolveContract(context, member);
        if (!found.ok) {
          const at = (one: OrderRefusal) => ({ ...one, field: `orders.${index}.${one.field}` });
          return refused(found.refusals.map(at), found.candidates);
        }
        fact ??= found.fact;
        for (const note of noted(found.note)) notes.add(note);
        members.push({ input: member, contract: found.contract });
      }
      const order = ocaOf(members, request.account_id, mode);
      const incoherent = structureFaults(order, null);
      return incoherent.length > 0
        ? refused(incoherent)
        : { ok: true, order, fact, notes: [...notes] };
    }
    case "modify": {
      const { order_id } = request.change;
      const read = await readTarget(context, account, parts.store, order_id, "modify");
      if (!read.ok) return refused(read.refusals);
      const changed = modifiedOrderOf(request.change, read.target, mode);
      if (!changed.ok) return refused(changed.refusals);
      return { ok: true, order: changed.order, fact: null, notes: [] };
    }
    case "cancel": {
      const { order_id } = request.cancel;
      const read = await readTarget(context, account, parts.store, order_id, "cancel");
      if (!read.ok) return refused(read.refusals);
      return {
        ok: true,
        order: cancelOf(account.accountId, read.target, mode),
        fact: null,
        notes: [],
      };
    }
  }
}

const noted = (note: string | null): string[] => (note === null ? [] : [note]);
