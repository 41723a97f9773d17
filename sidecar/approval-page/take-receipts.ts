import {
  type Receipt,
  receiptHolds,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import type { PageSettings } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { type Keeper, withReceipts } from "./kept-in-browser.ts";

/** Keeps those receipts that the PC signed. */
export async function takeReceipts(
  { settings, keeper }: { settings: PageSettings; keeper: Keeper },
  received: readonly Receipt[],
): Promise<void> {
  const holding: Receipt[] = [];
  for (const receipt of received) {
    if (await receiptHolds(receipt, settings.pc_key)) holding.push(receipt);
  }
  keeper.change((kept) =>
    withReceipts(
      kept,
      holding.map(({ body }) => body),
    ),
  );
}
