import * as z from "zod";
/** The ids an agent names in its calls about orders. */
export const IdempotencyKey = z.string().regex(/^[A-Za-z0-9._:-]{8,128}$/);
export const PreviewId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
export const ApprovalId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
/** Our reference (cOID), as a call names it. */
export const OrderRefText = z.string().regex(/^[A-Za-z0-9-]{1,40}$/);
