import { randomInt } from "node:crypto";
import { ticketText } from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { noteRequest } from "../../trust/tables/approval-requests.ts";
import { hasOwnApprover } from "../../trust/tables/approvers.ts";
import { hostedPageRows } from "../../trust/tables/hosted-page.ts";
import { showsNumbers } from "../../trust/verify/probation.ts";
import type { OrderStore } from "../journal/order-store.ts";
import type { Reach } from "./desktop-and-webhook.ts";

export interface Announced {
  known: boolean;
  shown: ("terminal" | "desktop" | "push")[];
  number: boolean;
}

/** Four digits, never a leading zero. */
export const newEcho = (): number => randomInt(1_000, 10_000);

/**
 * Shows what is asked to be approved, in the words of its own ticket and all of them. The number
 * goes to the terminal and the desktop only: never out by the network, where the edge might read it.
 */
export async function showApprovalRequest(
  parts: {
    store: OrderStore;
    reach: Reach;
    echo(): number;
    /** The broker behind this PC is the proved simulator. */
    simulator: boolean;
    nowMs: number;
  },
  input: { preview_id: string; tier: 1 | 2; requested_by: string },
): Promise<Announced> {
  const { store, reach } = parts;
  const kept = store.preview(input.preview_id, parts.nowMs);
  if (kept === null) return { known: false, shown: [], number: false };
  let number: number | null = null;
  if (input.tier === 2 || showsNumbers(store.db, parts.simulator)) {
    if (kept.echo === null) store.setEcho(input.preview_id, parts.echo());
    number = store.preview(input.preview_id, parts.nowMs)?.echo ?? null;
  }
  const words = ticketText(kept.ticket);
  const who = input.requested_by.replace(/[\p{C}]/gu, "").slice(0, 80);
  noteRequest(store.db, {
    previewId: input.preview_id,
    tier: input.tier,
    requestedBy: who,
    askedAt: parts.nowMs,
  });
  const lines = [
    `Approval asked for by "${who}":`,
    ...words.map((line) => `  ${line}`),
    ...(number === null ? [] : [`  Number for the approval page: ${number}`]),
    ...(number === null && parts.simulator
      ? ["  At the simulator no number is asked for; at a real broker one is."]
      : []),
    ...(hasOwnApprover(store.db) ? [`  To answer at this PC: ${sidecarCommand("approve")}`] : []),
    `  If you do not expect this: ${sidecarCommand("kill")}`,
  ];
  const shown: Announced["shown"] = [];
  if (reach.terminal(lines)) shown.push("terminal");
  const said = words.join("\n");
  const text = number === null ? said : `${said}\nNumber: ${number}`;
  if (await reach.desktop("Order to approve", text)) shown.push("desktop");
  const [hosted] = hostedPageRows(store.db);
  const pushed = hosted === undefined ? said : `${said}\nApprove: ${hosted.url}`;
  if (await reach.push("Order to approve", pushed)) shown.push("push");
  const local = shown.includes("terminal") || shown.includes("desktop");
  return { known: true, shown, number: number !== null && local };
}
