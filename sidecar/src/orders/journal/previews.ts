import type { DatabaseSync } from "node:sqlite";
import { Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { CapsAtPreview } from "../../trust/caps.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { deleteUsageWithoutPreview } from "./tables/joint/usage-without-preview.ts";
import { insertPreviewUsage, previewUsage } from "./tables/preview-usage.ts";
import {
  countPreviewsSince,
  deletePreviewsBefore,
  insertPreview,
  previewRow,
  setFirstEcho,
} from "./tables/previews.ts";

/** A ticket this sidecar made. */
export interface KeptPreview {
  ticket: Ticket;
  generation: number;
  /** The number shown at this PC; null when none was. */
  echo: number | null;
  madeAt: number;
  /** What had gone out by then; null when that was not kept. */
  usage: CapsAtPreview | null;
}

export interface Previews {
  keepPreview(id: string, preview: KeptPreview): void;
  /** Null when there is none, and when it was made too long ago. */
  preview(id: string, nowMs: number): KeptPreview | null;
  setEcho(id: string, echo: number): void;
  /** How many are kept that were made since then. */
  previewsSince(sinceMs: number): number;
}

export const createPreviews = (db: DatabaseSync): Previews => ({
  keepPreview(id, { ticket, generation, echo, madeAt, usage }) {
    if (usage !== null) insertPreviewUsage(db, id, JSON.stringify(usage));
    insertPreview(db, {
      previewId: id,
      ticket: JSON.stringify(ticket),
      generation,
      echo,
      madeAtMs: madeAt,
    });
  },
  preview(id, nowMs) {
    const row = previewRow(db, id);
    if (row === null || nowMs - row.madeAtMs > ORDER_LIMITS.previewKeptMs) return null;
    const usage = previewUsage(db, id);
    return {
      ticket: Ticket.parse(JSON.parse(row.ticket)),
      generation: row.generation,
      echo: row.echo,
      madeAt: row.madeAtMs,
      usage: usage === null ? null : CapsAtPreview.parse(JSON.parse(usage)),
    };
  },
  setEcho: (id, echo) => setFirstEcho(db, id, echo),
  previewsSince: (sinceMs) => countPreviewsSince(db, sinceMs),
});

export function prunePreviews(db: DatabaseSync, madeBeforeMs: number): void {
  deletePreviewsBefore(db, madeBeforeMs);
  deleteUsageWithoutPreview(db);
}
