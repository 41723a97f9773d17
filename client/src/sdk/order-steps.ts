import type { ToolInputs } from "../tool-list/tool-types.generated.ts";
import type { ToolCall } from "./call.ts";
import { IbkrError } from "./errors.ts";
import { followApproval, isKnown } from "./order-follow.ts";
import type { OrderRecord, OrderRecords, PreviewTool } from "./order-record.ts";
import type {
  ApprovalStatus,
  OrderResult,
  ShownApproval,
  SubmitOptions,
  Waiting,
} from "./order-types.ts";

/**
 * The steps of one order. Each reads its record, does one thing and writes down how far it came; so
 * whoever has the key can go on after a crash between any two of them.
 */
export interface OrderParts {
  call: ToolCall;
  records: OrderRecords;
  /** The gateway's address. */
  gateway: string;
  /** Milliseconds between two looks. */
  pauseMs: number;
  /** How long an order that may have been sent is looked for before it counts as never arrived, in ms. */
  lookMs: number;
}

const FOLLOW_MS = 60_000;
const SUBMIT_MAX_MS = 60_000;

/** Begins the record of an order; a key that has one already stands for that order. */
export async function begin(
  { records, gateway }: OrderParts,
  key: string,
  { tool, order }: Pick<OrderRecord, "tool" | "order">,
): Promise<void> {
  await records.step(key, async (record) => {
    if (record !== null) {
      throw new IbkrError("IDEMPOTENCY_CONFLICT", "This key stands for another order already.", {
        nextStep: "Take a new key for a new order, or go on with this one by orders.resume.",
      });
    }
    const nothing = { account_id: null, mode: null, preview_id: null, approval_id: null };
    return [{ version: 1, gateway, key, tool, order, ...nothing, submitting: false }, null];
  });
}

/** Has the order prepared; nothing is sent. */
export function makePreview({ call, records }: OrderParts, key: string, { signal }: Waiting) {
  return records.step(key, async (found) => {
    const record = known(found);
    const { account_id, preview, refusals } = await call(record.tool, orderOf(record), { signal });
    if (preview === null) throw refused(refusals);
    const after = { account_id, mode: preview.mode, preview_id: preview.preview_id };
    return [
      { ...record, ...after },
      { accountId: account_id, preview },
    ];
  });
}

/** Asks the owner; about a preview that he was asked about already, it is the same request. */
export function requestApproval(
  { call, records }: OrderParts,
  key: string,
  { ttlSeconds, signal }: Waiting & { ttlSeconds?: number },
): Promise<ShownApproval> {
  return records.step(key, async (found) => {
    const record = known(found);
    const { account_id, preview_id, approval_id } = record;
    if (account_id === null || preview_id === null) throw outOfOrder("preview");
    if (approval_id !== null) {
      const asked = { account_id, approval_id };
      return [record, (await call("ibkr_approval_status", asked, { signal })).approval];
    }
    const answer = await call(
      "ibkr_approvals_create",
      { account_id, preview_id, ...(ttlSeconds === undefined ? {} : { ttl_seconds: ttlSeconds }) },
      { signal },
    );
    if (answer.approval === null) throw refused(answer.refusals);
    return [{ ...record, approval_id: answer.approval.approval_id }, answer.approval];
  });
}

/** Waits for the owner. */
export async function waitForDecision(
  parts: OrderParts,
  key: string,
  waiting: Waiting,
): Promise<ShownApproval> {
  const asked = approvalOf(known(await parts.records.read(key)));
  const decided = ({ approval }: ApprovalStatus) => approval.state !== "pending";
  const status = await followApproval(parts.call, asked, decided, {
    ...waiting,
    pauseMs: parts.pauseMs,
  });
  if (status === null) throw outOfOrder("requestApproval");
  const { state } = status.approval;
  if (state === "denied") {
    throw new IbkrError("APPROVAL_DENIED", "The owner said no.", {
      nextStep: "Do not ask for the same order again for ten minutes.",
    });
  }
  if (state === "expired" || state === "revoked") {
    throw new IbkrError("APPROVAL_EXPIRED", "The approval ended before the order was sent.", {
      nextStep: "Make a new preview, under a new key, and ask again.",
    });
  }
  return status.approval;
}

/**
 * Sends the order: once in the life of its record, and the record says so before the call is made.
 * Whatever then comes back instead of an answer, the order is looked for and not sent again.
 */
export async function submit(
  parts: OrderParts,
  key: string,
  options: SubmitOptions,
): Promise<OrderResult> {
  const { call, records } = parts;
  const first = await records.step(key, async (found): Promise<[OrderRecord, boolean]> => {
    const record = known(found);
    approvalOf(record);
    return [{ ...record, submitting: true }, !record.submitting];
  });
  if (!first) return follow(parts, key, options);
  const record = known(await records.read(key));
  const { account_id, approval_id } = approvalOf(record);
  const sent = { account_id, approval_id, idempotency_key: key };
  try {
    const answer = await call(submitTool(record), sent, {
      signal: options.signal,
      timeoutMs: SUBMIT_MAX_MS,
    });
    if (answer.outcome === "answered" && answer.order !== null) {
      const { order } = answer;
      if (isKnown({ order })) return { outcome: "known", order };
    }
  } catch (error) {
    if (!(error instanceof IbkrError)) throw error;
    if (error.outcome === "not_done") await notSent(parts, key);
    if (error.outcome === "not_done" || options.signal?.aborted) throw error;
  }
  return follow(parts, key, options);
}

/** Looks for an order that may have been sent, and sends nothing. */
export async function follow(
  parts: OrderParts,
  key: string,
  options: SubmitOptions,
): Promise<OrderResult> {
  const status = await lookFor(parts, key, options);
  if (status === null) return { outcome: "unknown", order: null };
  return { outcome: isKnown(status) ? "known" : "unknown", order: status.order };
}

/** What the gateway knows of the order's approval; null where it could not be asked. */
export async function lookFor(
  { call, records, pauseMs }: OrderParts,
  key: string,
  { signal, followMs = FOLLOW_MS }: SubmitOptions,
): Promise<ApprovalStatus | null> {
  const asked = approvalOf(known(await records.read(key)));
  const untilMs = performance.now() + followMs;
  return followApproval(call, asked, isKnown, { signal, untilMs, pauseMs });
}

/** The gateway has no order of this approval, and the approval is unused: the submit never arrived. */
export function neverArrived({ approval, order }: ApprovalStatus): boolean {
  return order === null && approval.state === "approved";
}

/** The gateway said that nothing was done: the same order may be sent once its reason is mended. */
export async function notSent({ records }: OrderParts, key: string): Promise<void> {
  await records.step(key, async (record) => [{ ...known(record), submitting: false }, null]);
}

export function known(record: OrderRecord | null): OrderRecord {
  if (record !== null) return record;
  throw new IbkrError("ORDER_NOT_RECORDED", "No order was begun under this key on this computer.", {
    nextStep: "Give the order with its key to orders.place or orders.preview.",
  });
}

function approvalOf({ account_id, approval_id }: OrderRecord) {
  if (account_id === null || approval_id === null) throw outOfOrder("requestApproval");
  return { account_id, approval_id };
}

/** An order of several legs goes out as a bracket does. */
function submitTool({ mode, tool }: OrderRecord) {
  const single = tool === "ibkr_order_preview";
  if (mode === "paper") {
    return single ? "ibkr_paper_order_submit" : "ibkr_paper_bracket_order_submit";
  }
  if (mode === "live") return single ? "ibkr_live_order_submit" : "ibkr_live_bracket_order_submit";
  throw outOfOrder("preview");
}

/** As its caller gave it: the gateway checks it, whatever a file of this computer says. */
function orderOf({ order }: OrderRecord): ToolInputs[PreviewTool] {
  return JSON.parse(JSON.stringify(order));
}

function outOfOrder(first: string): IbkrError {
  return new IbkrError("INPUT_INVALID", `This step comes after ${first}.`);
}

function refused(refusals: readonly { code: IbkrError["code"]; message: string }[]): IbkrError {
  const [first] = refusals;
  const words = refusals.map(({ message }) => message).join(" ");
  return new IbkrError(first?.code ?? "ORDER_REJECTED", words || "The order was refused.");
}
