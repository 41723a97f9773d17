import * as z from "zod";
import { fromHex } from "../bytes.ts";
import { SALT_BYTES } from "../event/commitment.ts";

/**
 * A part of a log as its keeper hands it out for an export: some entries of a range, and what leads
 * from them to a signed head. Every part stands by itself, so that a stopped export can go on.
 */
const Index = z.int().nonnegative();
const HashText = z.string().max(64);

export const ExportPart = z.object({
  origin: z.string().min(1),
  /** The gateway's own account id. */
  account: z.string().min(1),
  /** Index of the first entry here; and where the range that was asked for ends, excluded. */
  fromIndex: Index,
  rangeEnd: Index,
  /** The frontier at `fromIndex`, base64. */
  left: z.array(HashText).max(63),
  /** Exact texts, in order. */
  entries: z.array(z.string()),
  /** What opens their commitments, as far as the reader may have it. */
  openings: z.array(
    z.object({
      seq: z.int().positive(),
      field: z.string(),
      salt: z
        .string()
        .regex(new RegExp(`^[0-9a-f]{${SALT_BYTES * 2}}$`))
        .transform((text) => fromHex(text))
        .nullable(),
      payload: z.string().nullable(),
    }),
  ),
  /** Older signed heads whose size lies in this part. */
  heads: z.array(z.object({ size: Index, note: z.string() })),
  /** The newest signed head, and a consistency proof from the end of this part to it, base64. */
  size: Index,
  checkpoint: z.string(),
  tail: z.array(HashText).max(63),
  /** Whom a reader might trust: a suggestion. */
  policy: z.string(),
});
export type ExportPart = z.output<typeof ExportPart>;
export type ExportPartText = z.input<typeof ExportPart>;
