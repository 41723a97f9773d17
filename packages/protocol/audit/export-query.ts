import * as z from "zod";
import { auditFilter } from "./filter.ts";

/** Which part of the log is asked for; it ends where either way of saying so ends it. */
export const AuditExportQuery = z.strictObject({
  /** Index of the first entry, from zero; and of the first that is left out. */
  fromIndex: z.int().nonnegative().optional(),
  toIndex: z.int().nonnegative().optional(),
  from: auditFilter.from,
  to: auditFilter.to,
  /** No more entries than this. */
  limit: z.int().min(1).max(5_000).optional(),
});
export type AuditExportQuery = z.infer<typeof AuditExportQuery>;

/** What a paired PC posts to `/audit-export`; `token` is by its device key, for this one request. */
export const PcExportRequest = z.strictObject({
  account_id: z.string().max(64),
  sidecar_id: z.string().max(64),
  token: z.string().max(2_048),
  query: AuditExportQuery,
  /** The first request of an export; those that go on with it are not noted one by one. */
  begins: z.boolean(),
});
export type PcExportRequest = z.infer<typeof PcExportRequest>;

/** No more entries than this are confirmed at a time. */
export const ARRIVED_MAX_ENTRIES = 5_000;

/** The same PC's word that entries arrived: read back from its disk, with the hash of what lies there. */
export const PcArrivedRequest = z.strictObject({
  account_id: z.string().max(64),
  sidecar_id: z.string().max(64),
  token: z.string().max(2_048),
  arrived: z.strictObject({
    from_index: z.int().nonnegative(),
    end: z.int().nonnegative(),
    /** `receivedSha256` of `packages/evidence/export/received-parts.ts`. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});
export type PcArrivedRequest = z.infer<typeof PcArrivedRequest>;

/** False where the gateway holds something else than what arrived. */
export const PcArrivedAnswer = z.strictObject({ noted: z.boolean() });
