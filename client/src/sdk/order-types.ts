import type { ToolAnswers, ToolInputs } from "../tool-list/tool-types.generated.ts";

export type ApprovalStatus = ToolAnswers["ibkr_approval_status"];
export type ShownOrder = NonNullable<ApprovalStatus["order"]>;

export interface Waiting {
  signal?: AbortSignal | undefined;
}

export type ShownPreview = NonNullable<ToolAnswers["ibkr_order_preview"]["preview"]>;
export type ShownApproval = NonNullable<ToolAnswers["ibkr_approvals_create"]["approval"]>;

/**
 * What became of an order. `unknown`: the gateway is still finding out what the broker made of it, or
 * could not be asked; look again with `resume`.
 */
export interface OrderResult {
  outcome: "known" | "unknown";
  order: ShownOrder | null;
}

export interface SubmitOptions extends Waiting {
  /** How long an open outcome is followed, in milliseconds; 60,000 unless said. */
  followMs?: number;
}

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
