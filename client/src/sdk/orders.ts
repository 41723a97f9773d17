import { randomUUID } from "node:crypto";
import type { ToolInputs } from "../operations/tool-types.generated.ts";
import { IbkrError } from "./errors.ts";
import type { Waiting } from "./order-follow.ts";
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
  type OrderResult,
  requestApproval,
  type ShownApproval,
  type ShownPreview,
  type SubmitOptions,
  submit,
  waitForDecision,
} from "./order-steps.ts";

export type { OrderResult, ShownApproval, ShownPreview, SubmitOptions } from "./order-steps.ts";

/** An order as the PC understood it. Nothing was sent, and nobody was asked. */
export interface PreviewedOrder {
  readonly idempotencyKey: string;
  readonly accountId: string;
  readonly preview: ShownPreview;
  /** Asks the owner, who alone can approve. Asked again about the same preview, it is one request. */
  requestApproval(options?: Waiting & { ttlSeconds?: number }): Promise<AskedOrder>;
}

export interface AskedOrder {
  readonly idempotencyKey: string;
  /** With the link to give to the owner. */
  readonly approval: ShownApproval;
  /** Waits until the owner said yes. Throws APPROVAL_DENIED or APPROVAL_EXPIRED. */
  waitForDecision(options?: Waiting): Promise<ApprovedOrder>;
}

export interface ApprovedOrder {
  readonly idempotencyKey: string;
  readonly approval: ShownApproval;
  /**
   * Sends it, once. When the call is cut off it is not sent again: what became of it is read from the
   * gateway. A key that is given is that of the preview.
   */
  submit(options?: SubmitOptions & { idempotencyKey?: string }): Promise<OrderResult>;
}

export interface PreviewOptions extends Waiting {
  /** 8 to 128 letters, digits and `._:-` of your own, one for each order; made up when not given. */
  idempotencyKey?: string;
}

export interface PlaceOptions extends PreviewOptions, SubmitOptions {
  /** Told where the owner approves it; `preview` is null where it was made in an earlier run. */
  onAsked?(asked: { preview: ShownPreview | null; approval: ShownApproval }): void;
}

export interface Orders {
  preview(
    order: ToolInputs["ibkr_order_preview"],
    options?: PreviewOptions,
  ): Promise<PreviewedOrder>;
  previewBracket(
    order: ToolInputs["ibkr_bracket_order_preview"],
    options?: PreviewOptions,
  ): Promise<PreviewedOrder>;
  previewGroup(
    order: ToolInputs["ibkr_oca_order_preview"],
    options?: PreviewOptions,
  ): Promise<PreviewedOrder>;
  /** All steps in one: preview, ask, wait, submit. */
  place(order: ToolInputs["ibkr_order_preview"], options?: PlaceOptions): Promise<OrderResult>;
  /**
   * Goes on with an order that was begun on this computer, from wherever its caller ended, by its key
   * alone. One that may have been sent is looked for first; it is sent where the gateway says that it
   * never arrived, and under its own key, of which the gateway makes one order at most.
   */
  resume(
    idempotencyKey: string,
    options?: Omit<PlaceOptions, "idempotencyKey">,
  ): Promise<OrderResult>;
}

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
