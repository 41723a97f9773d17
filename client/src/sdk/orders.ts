import { randomUUID } from "node:crypto";
import { IbkrError } from "./errors.ts";
import type { OrderRecord, PreviewTool } from "./order-record.ts";
import {
  begin,
  follow,
  known,
  lookFor,
  makePreview,
  neverArrived,
  notSent,
  type OrderParts,
  requestApproval,
  submit,
  waitForDecision,
} from "./order-steps.ts";
import type {
  ApprovedOrder,
  AskedOrder,
  OrderResult,
  Orders,
  PlaceOptions,
  PreviewedOrder,
  PreviewOptions,
  ShownApproval,
  ShownPreview,
  Waiting,
} from "./order-types.ts";

/** Orders over a gateway's tools, with a record of each step before the next. */
export function ordersOver(parts: OrderParts): Orders {
  async function start(tool: PreviewTool, order: object, options: PreviewOptions): Promise<string> {
    const key = options.idempotencyKey ?? randomUUID();
    const terms: OrderRecord["order"] = JSON.parse(JSON.stringify(order));
    await begin(parts, key, { tool, order: terms });
    return key;
  }

  async function preview(tool: PreviewTool, order: object, options: PreviewOptions = {}) {
    const key = await start(tool, order, options);
    return previewedOrder(parts, key, await makePreview(parts, key, options));
  }

  return {
    preview: (order, options) => preview("ibkr_order_preview", order, options),
    previewBracket: (order, options) => preview("ibkr_bracket_order_preview", order, options),
    previewGroup: (order, options) => preview("ibkr_oca_order_preview", order, options),
    async place(order, options = {}) {
      const key = await start("ibkr_order_preview", order, options);
      return carryOn(parts, key, options);
    },
    resume: (key, options = {}) => carryOn(parts, key, options),
  };
}

function previewedOrder(
  parts: OrderParts,
  key: string,
  { accountId, preview }: { accountId: string; preview: ShownPreview },
): PreviewedOrder {
  const idempotencyKey = key;
  const approved = (approval: ShownApproval): ApprovedOrder => ({
    idempotencyKey,
    approval,
    submit({ idempotencyKey: given = key, ...options } = {}) {
      if (given === key) return submit(parts, key, options);
      throw new IbkrError("INPUT_INVALID", "The key of an order is the one of its preview.");
    },
  });
  const asked = (approval: ShownApproval): AskedOrder => ({
    idempotencyKey,
    approval,
    waitForDecision: async (options = {}) => approved(await waitForDecision(parts, key, options)),
  });
  return {
    idempotencyKey,
    accountId,
    preview,
    requestApproval: async (options = {}) => asked(await requestApproval(parts, key, options)),
  };
}

/** From what is recorded to the end. */
async function carryOn(
  parts: OrderParts,
  key: string,
  options: PlaceOptions,
): Promise<OrderResult> {
  const record = known(await parts.records.read(key));
  if (record.submitting) {
    const status = await lookFor(parts, key, { ...options, followMs: parts.lookMs });
    if (status === null || !neverArrived(status)) return follow(parts, key, options);
    await notSent(parts, key);
  }
  const { preview, approval } = await ask(parts, record, options);
  options.onAsked?.({ preview, approval });
  await waitForDecision(parts, key, options);
  return submit(parts, key, options);
}

/** The owner is asked about what was previewed; about a new preview where the old one has ended. */
async function ask(parts: OrderParts, record: OrderRecord, waiting: Waiting) {
  const { key } = record;
  let preview: ShownPreview | null = null;
  if (record.preview_id === null) preview = (await makePreview(parts, key, waiting)).preview;
  try {
    return { preview, approval: await requestApproval(parts, key, waiting) };
  } catch (error) {
    const ended = error instanceof IbkrError && error.code === "PREVIEW_EXPIRED";
    if (!ended) throw error;
    // No request about the old one is recorded, and nothing was sent.
    preview = (await makePreview(parts, key, waiting)).preview;
    return { preview, approval: await requestApproval(parts, key, waiting) };
  }
}
