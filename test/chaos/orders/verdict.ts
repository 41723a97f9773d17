import {
  isInDoubt,
  isTerminal,
  type OrderState,
} from "@ibkr-edge-gateway/protocol/orders/order-state.ts";

/** An order as the simulated broker knows it. */
export interface BrokerOrder {
  id: number;
  ref: string | null;
  parent: number | null;
  status: string;
  filled: string;
  /** Answered with an id and lost by the broker: a fault of its own. */
  lost: boolean;
}

/** An order as the edge let it out. */
export interface EdgeIntent {
  coid: string;
  action: "place" | "modify" | "cancel";
  state: OrderState;
  approval_id: string | null;
  effect: string | null;
}

/** What the agent asked for with one approval, and what it was told. */
export interface AgentRequest {
  approvalId: string;
  exit: boolean;
  /** By idempotency key the references that its answers named. */
  told: Record<string, string[]>;
  calls: number;
  /** The codes of each answer that refused and named no order. */
  refused: string[][];
  /** The kill switch was engaged before the first call began, and lifted after the last had ended. */
  afterKill: boolean;
}

export interface OrderEvidence {
  requests: readonly AgentRequest[];
  broker: readonly BrokerOrder[];
  edge: readonly EdgeIntent[];
  /** What the PC's own journal says, by reference. */
  pc: Readonly<Record<string, OrderState>>;
  /** How often each reference stands in an `order.submitted` leaf. */
  leaves: Readonly<Record<string, number>>;
  /** Codes that only an entry may be refused for. */
  entryCodes: readonly string[];
}

export interface OrderVerdict {
  asked: number;
  calls: number;
  placed: number;
  /** Answered by the broker with an id and lost by it. */
  lost_by_broker: number;
  exits_asked: number;
  exits_placed: number;
  ends: Record<string, number>;
  doubled: string[];
  lost: string[];
  unknown_left: string[];
  exits_blocked: string[];
  passed_the_switch: string[];
}

const OWN = "ieg1-";

/** Compares what was asked, told and written with what the broker has. Pure, so that it can be judged. */
export function judgeOrders(evidence: OrderEvidence): OrderVerdict {
  const { requests, edge, leaves } = evidence;
  const parents = evidence.broker.filter(
    ({ ref, parent }) => parent === null && ref?.startsWith(OWN) === true,
  );
  const byRef = new Map<string, BrokerOrder[]>();
  for (const order of parents) {
    const ref = order.ref ?? "";
    byRef.set(ref, [...(byRef.get(ref) ?? []), order]);
  }
  const placing = edge.filter(({ action }) => action === "place");
  const intents = new Map(placing.map((intent) => [intent.coid, intent]));

  const doubled: string[] = [];
  for (const [ref, orders] of byRef) {
    if (orders.length > 1) doubled.push(`${ref} stands ${orders.length} times at the broker`);
  }
  const used = new Map<string, string[]>();
  for (const { approval_id, coid } of placing) {
    if (approval_id === null || !byRef.has(coid)) continue;
    used.set(approval_id, [...(used.get(approval_id) ?? []), coid]);
  }
  for (const [approval, refs] of used) {
    if (refs.length > 1) doubled.push(`${approval} made ${refs.length} orders`);
  }
  for (const { approvalId, told } of requests) {
    for (const [key, refs] of Object.entries(told)) {
      if (new Set(refs).size > 1) doubled.push(`key ${key} of ${approvalId} named several orders`);
    }
  }

  const lost: string[] = [];
  for (const [ref, orders] of byRef) {
    const intent = intents.get(ref);
    if (intent === undefined) lost.push(`${ref} is at the broker and was never let out`);
    if (leaves[ref] === undefined) lost.push(`${ref} is at the broker and has no leaf`);
    if (intent === undefined) continue;
    const [order] = orders;
    if (order !== undefined && !order.lost) lost.push(...lies(order, intent));
  }
  for (const { coid, state } of placing) {
    const order = byRef.get(coid)?.[0];
    if (saysPlaced(state) && (order === undefined || order.lost)) {
      lost.push(`${coid} is said to be ${state} and is not at the broker`);
    }
    const pc = evidence.pc[coid];
    if (pc !== undefined && isTerminal(pc) && isTerminal(state) && pc !== state) {
      lost.push(`${coid} is ${state} to the edge and ${pc} to the PC`);
    }
    if (pc === undefined && byRef.has(coid)) lost.push(`${coid} is not in the PC's journal`);
  }

  const exits = requests.filter(({ exit }) => exit);
  const entryCodes = new Set(evidence.entryCodes);
  const approvals = new Map(placing.map((intent) => [intent.approval_id, intent]));
  const placedBy = ({ approvalId }: AgentRequest): boolean => {
    const intent = approvals.get(approvalId);
    return intent !== undefined && byRef.has(intent.coid);
  };
  return {
    asked: requests.length,
    calls: requests.reduce((sum, { calls }) => sum + calls, 0),
    placed: parents.filter((order) => !order.lost).length,
    lost_by_broker: parents.filter((order) => order.lost).length,
    exits_asked: exits.length,
    exits_placed: exits.filter(placedBy).length,
    ends: count(placing.map(({ state }) => state)),
    doubled,
    lost,
    unknown_left: edge
      .filter(
        ({ state }) =>
          isInDoubt(state) || state === "submitting" || state === "awaiting_confirmation",
      )
      .map(({ coid, action, state }) => `${coid} (${action}) is ${state}`),
    exits_blocked: exits.flatMap(({ approvalId, refused }) =>
      refused
        // What would not have reduced the position by then was no exit: it is told so by this code.
        .filter((codes) => !codes.includes("REDUCE_ONLY_WOULD_INCREASE"))
        .filter((codes) => codes.some((code) => entryCodes.has(code)))
        .map((codes) => `${approvalId}: ${codes.join(" ")}`),
    ),
    passed_the_switch: requests
      .filter((request) => request.afterKill && !request.exit && placedBy(request))
      .map(({ approvalId }) => approvalId),
  };
}

export const isCleanOrders = (verdict: OrderVerdict): boolean =>
  verdict.doubled.length +
    verdict.lost.length +
    verdict.unknown_left.length +
    verdict.exits_blocked.length +
    verdict.passed_the_switch.length ===
  0;

/** Where what the edge says of an order contradicts what the broker has. */
function lies(order: BrokerOrder, intent: EdgeIntent): string[] {
  const filled = Number(order.filled) > 0;
  const ended = order.status === "Cancelled" || order.status === "Inactive";
  const said = `${intent.coid} is said to be ${intent.state} and is ${order.status}`;
  switch (intent.state) {
    case "rejected":
      return ended && !filled ? [] : [said];
    case "cancelled":
    case "expired":
      return order.status === "Cancelled" || order.status === "Inactive" ? [] : [said];
    case "filled":
      return order.status === "Filled" ? [] : [said];
    case "accepted":
    case "working":
    case "partially_filled":
      return ended || order.status === "Filled" ? [said] : [];
    default:
      // What is in doubt is counted as such.
      return [];
  }
}

const saysPlaced = (state: OrderState): boolean =>
  state !== "rejected" &&
  !isInDoubt(state) &&
  state !== "submitting" &&
  state !== "awaiting_confirmation";

function count(words: readonly string[]): Record<string, number> {
  const times: Record<string, number> = {};
  for (const word of words) times[word] = (times[word] ?? 0) + 1;
  return times;
}
