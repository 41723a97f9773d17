import type { IntentOrder } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type { IntentRecord } from "../journal/intent-record.ts";

/**
 * Whether a bracket's entry stands without its stop, or a group without one of its members. The
 * broker does not take either as a whole: the entry may live while an exit was refused, and then a
 * fill leaves a position nobody protects; of a target and a stop in a group the stop may be missing.
 */
export interface Unprotected {
  message: string;
  /** What can be cancelled without an approval. */
  cancelOffered: string[];
}

const ALIVE: readonly IntentOrder["state"][] = ["accepted", "working", "partially_filled"];
const alive = (order: IntentOrder): boolean => ALIVE.includes(order.state);

export function unprotected(record: IntentRecord): Unprotected | null {
  if (record.action !== "place") return null;
  const { structure } = record.ticket.order;
  if (structure === "oca") return brokenGroup(record);
  if (structure !== "bracket") return null;
  const of = (role: IntentOrder["role"]) => record.orders.find((order) => order.role === role);
  const [entry, profit, stop] = [of("entry"), of("take_profit"), of("stop_loss")];
  if (entry === undefined) return null;
  const entryStands = alive(entry) || entry.state === "filled";
  if (!entryStands) return null;
  const stopStands = stop !== undefined && alive(stop);
  // The exits cancel one another: a filled one has done its work.
  if (stopStands || stop?.state === "filled" || profit?.state === "filled") return null;
  const filled = entry.state === "filled" || entry.state === "partially_filled";
  return {
    message: filled
      ? "A bracket's entry has filled and its protective stop does not stand at the broker. The position is not protected."
      : "A bracket's entry works at the broker without its protective stop. It can be cancelled at once.",
    cancelOffered: [entry, ...(profit === undefined ? [] : [profit])]
      .filter(alive)
      .flatMap(({ order_id }) => order_id ?? []),
  };
}

/** One member was refused and another stands: not what was approved. A fill ends a group rightly. */
function brokenGroup(record: IntentRecord): Unprotected | null {
  const { orders } = record;
  const done = orders.some(({ state }) => state === "filled" || state === "partially_filled");
  const stands = orders.filter(alive);
  if (done || stands.length === 0 || !orders.some(({ state }) => state === "rejected")) return null;
  return {
    message:
      "One order of a group was refused while another stands at the broker, so the group does not do what was approved. What stands can be cancelled at once.",
    cancelOffered: stands.flatMap(({ order_id }) => order_id ?? []),
  };
}
