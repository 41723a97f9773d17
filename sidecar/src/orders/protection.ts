import type { IntentOrder } from "../../../src/protocol/operations/order-parts.ts";
import type { IntentRecord } from "./record.ts";

/**
 * Whether a bracket's entry stands without its stop. The broker does not take a bracket as a whole:
 * the entry may live while an exit was refused, and then a fill leaves a position nobody protects.
 */
export interface Unprotected {
  message: string;
  /** What can be withdrawn without an approval. */
  cancelOffered: string[];
}

const ALIVE: readonly IntentOrder["state"][] = ["accepted", "working", "partially_filled"];
const alive = (order: IntentOrder): boolean => ALIVE.includes(order.state);

export function unprotected(record: IntentRecord): Unprotected | null {
  if (record.action !== "place" || record.ticket.order.structure !== "bracket") return null;
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
