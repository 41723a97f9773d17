import type { DatabaseSync } from "node:sqlite";
import { Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { CapsAtPreview } from "../../trust/limits/caps.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { deleteUsageWithoutPreview } from "./tables/joint/usage-without-preview.ts";
import { insertPreviewUsage, previewUsage } from "./tables/preview-usage.ts";
import {
  countPreviewsSince,
  deleteOldestPreview,
  deletePreviewsBefore,
  insertPreview,
  type PreviewPlace,
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
  /** @param place whose it is; of nobody's, and none that only takes risk away, where it is absent */
  keepPreview(id: string, preview: KeptPreview, place?: PreviewPlace): void;
  /** Null when there is none, and when it was made too long ago. */
  preview(id: string, nowMs: number): KeptPreview | null;
  setEcho(id: string, echo: number): void;
  /** How many places of this kind are taken by those made since then, and how many by this client. */
  previewsSince(sinceMs: number, place: PreviewPlace): { taken: number; own: number };
  /** Makes room by one of the same client's. */
  dropOldestPreview(place: PreviewPlace): void;
}

const NOBODYS: PreviewPlace = { share: null, reduces: false };

export const createPreviews = (db: DatabaseSync): Previews => ({
  keepPreview(id, { ticket, generation, echo, madeAt, usage }, place = NOBODYS) {
    if (usage !== null) insertPreviewUsage(db, id, JSON.stringify(usage));
    const row = { previewId: id, ticket: JSON.stringify(ticket), generation, echo };
    insertPreview(db, { ...row, madeAtMs: madeAt }, place);
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
  previewsSince: (sinceMs, place) => countPreviewsSince(db, place, sinceMs),
  dropOldestPreview: (place) => deleteOldestPreview(db, place),
});

export function prunePreviews(db: DatabaseSync, madeBeforeMs: number): void {
  deletePreviewsBefore(db, madeBeforeMs);
  deleteUsageWithoutPreview(db);
}
