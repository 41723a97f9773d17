import * as z from "zod";

/**
 * The audit log's heads go down to the PC, which is their witness, and its word comes back. Both frames
 * are marked as optional: an end that does not know them passes them over.
 */

/** SHA-256, padded base64. */
const Hash = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);
const Size = z.int().nonnegative();
/** A verifier key of C2SP signed-note. */
const Vkey = z.string().min(1).max(400);
/** A signed note: three lines and a few signatures. */
const Note = z.string().min(1).max(4_096);
const Origin = z.string().min(1).max(200);

export const AUDIT_PROOFS_MAX = 9;
export const AUDIT_HANDOVERS_MAX = 8;
export const AUDIT_PROOF_HASHES_MAX = 63;

export const AuditCheckpoint = z.strictObject({
  /** The head, signed by the log. */
  note: Note,
  /** The key that the log signs with now. */
  vkey: Vkey,
  /** Heads that an older key and the next one signed, oldest first. */
  handovers: z.array(z.strictObject({ vkey: Vkey, note: Note })).max(AUDIT_HANDOVERS_MAX),
  /** That the head goes on from heads that the PC saw. */
  proofs: z
    .array(z.strictObject({ from: Size, hashes: z.array(Hash).max(AUDIT_PROOF_HASHES_MAX) }))
    .max(AUDIT_PROOFS_MAX),
});
export type AuditCheckpoint = z.infer<typeof AuditCheckpoint>;

const about = {
  origin: Origin,
  /** The size of the head that this answers. */
  size: Size,
};

export const AuditCosignature = z.discriminatedUnion("verdict", [
  z.strictObject({
    ...about,
    verdict: z.literal("cosigned"),
    /** The PC's verifier key, and its signature line with the line feed. */
    vkey: Vkey,
    line: z.string().min(1).max(600),
  }),
  /** The PC holds other heads: it wants proofs from these sizes. */
  z.strictObject({
    ...about,
    verdict: z.literal("ask"),
    from: z.array(Size).min(1).max(AUDIT_PROOFS_MAX),
  }),
  /** The PC takes no entries until this is settled. `held` is the head that it cosigned last. */
  z.strictObject({
    ...about,
    verdict: z.enum(["rolled_back", "forked", "another_log"]),
    held: Note,
  }),
  z.strictObject({
    ...about,
    verdict: z.literal("refused"),
    code: z.enum(["MALFORMED", "BAD_SIGNATURE", "UNAVAILABLE"]),
    message: z.string().max(300),
  }),
]);
export type AuditCosignature = z.infer<typeof AuditCosignature>;
