import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { Intent, intentHash, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { World } from "./world.ts";

/** What the owner's passkey signed. */
export interface Signed {
  approvalId: string;
  previewId: string;
  intentHash: string;
  coid: string;
  order: CanonicalOrder;
  notAfterMs: number;
  generation: number;
  acceptedWarnings: readonly string[];
}

/** The account is long, so a sale lowers what is held. */
export const isExit = ({ order }: Pick<Signed, "order">): boolean => order.legs[0]?.side === "SELL";

/** The intent behind a hash, found where the object keeps it, and believed only if it has that hash. */
export function signedOf(world: World, approvalId: string, hash: string): Signed {
  const [row] = world.object.sql
    .exec<{ intent: string }>(
      "SELECT intent FROM order_approvals WHERE approval_id = ?",
      approvalId,
    )
    .toArray();
  const intent = Intent.parse(JSON.parse(row?.intent ?? "null"));
  const { coid, ...draft } = intent;
  if (intentHash(intent) !== hash || intentOf(draft).coid !== coid) {
    throw new Error("what the owner is shown has another hash than what is kept");
  }
  return {
    approvalId,
    previewId: intent.preview_id,
    intentHash: hash,
    coid,
    order: intent.ticket.order,
    notAfterMs: Date.parse(intent.not_after),
    generation: intent.generation,
    acceptedWarnings: intent.accepted_warnings.map(({ fingerprint }) => fingerprint),
  };
}
