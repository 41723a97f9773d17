import * as z from "zod";

/** What of the log is asked for; every part that is given has to be met. */
/** Ids and names as they stand in the log: no spaces, and nothing that does not show. */
const VISIBLE = /^[!-~]+$/;

export const auditFilter = {
  /** From this moment on, and before that one. */
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  client_id: z.string().regex(VISIBLE).max(256).optional(),
  tool: z.string().regex(VISIBLE).max(64).optional(),
  /** Any id of an order: its reference, intent hash, preview, approval or mandate. */
  order: z.string().regex(VISIBLE).max(128).optional(),
  /** `refused`: nothing was done; `failed`: it was tried and did not succeed. */
  outcome: z.enum(["ok", "failed", "refused"]).optional(),
};
