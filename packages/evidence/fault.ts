/**
 * Everything that can be wrong with evidence, by code. `broken`: what lies here contradicts itself,
 * its signatures or the reader's older knowledge. `unwitnessed`: whole in itself, but nobody whom
 * the reader trusts has signed it. `unchecked`: it could not be judged at all.
 */
export type FaultClass = "broken" | "unwitnessed" | "unchecked";

export const FAULTS = {
  // Notes and keys
  NOTE_MALFORMED: "broken",
  NOTE_TOO_LARGE: "broken",
  SIGNATURE_LINE_MALFORMED: "broken",
  SIGNATURE_INVALID: "broken",
  SIGNATURE_LENGTH: "broken",
  NOTE_UNSIGNED: "unwitnessed",
  KEY_NAME_INVALID: "broken",
  VKEY_MALFORMED: "broken",
  // Checkpoints
  CHECKPOINT_MALFORMED: "broken",
  ORIGIN_DIFFERS: "broken",
  COSIGNATURE_TIME_INVALID: "broken",
  COSIGNATURE_IN_FUTURE: "broken",
  WITNESS_MISSING: "unwitnessed",
  FORKED: "broken",
  ROLLED_BACK: "broken",
  // Proofs
  INDEX_OUTSIDE: "broken",
  PROOF_LENGTH: "broken",
  ROOT_DIFFERS: "broken",
  PROOF_FILE_MALFORMED: "broken",
  // Tiles
  TILE_PATH_INVALID: "broken",
  TILE_LENGTH: "broken",
  TILE_DIFFERS: "broken",
  BUNDLE_MALFORMED: "broken",
  ENTRY_TOO_LARGE: "broken",
  // Entries
  ENTRY_MALFORMED: "broken",
  ENTRY_NOT_CANONICAL: "broken",
  ENTRY_OF_ANOTHER_PLACE: "broken",
  ENTRY_OF_ANOTHER_ACCOUNT: "broken",
  OPENING_MALFORMED: "broken",
  OPENING_DIFFERS: "broken",
  OPENING_WITHOUT_COMMITMENT: "broken",
  LOG_KEY_DIFFERS: "broken",
  // Exports
  RECORD_MALFORMED: "broken",
  RECORD_OUT_OF_ORDER: "broken",
  RECORD_MISSING: "broken",
  RECORD_UNEXPECTED: "broken",
  LEAF_HASH_DIFFERS: "broken",
  FILE_MISSING: "unchecked",
  FILE_TOO_LARGE: "unchecked",
  EXPORT_UNFINISHED: "unchecked",
  FORMAT_UNKNOWN: "unchecked",
  MANIFEST_MALFORMED: "broken",
  // The reader's own
  POLICY_MALFORMED: "unchecked",
  POLICY_MISSING: "unchecked",
  OLDER_CHECKPOINT_OUTSIDE: "unchecked",
  // One order
  ORDER_EVIDENCE_MALFORMED: "broken",
  INTENT_DIFFERS: "broken",
  ORDER_REFERENCE_DIFFERS: "broken",
  ORDER_LEAF_DIFFERS: "broken",
  ASSERTION_MALFORMED: "broken",
  ASSERTION_TYPE: "broken",
  ASSERTION_CHALLENGE: "broken",
  ASSERTION_ORIGIN: "broken",
  ASSERTION_RELYING_PARTY: "broken",
  ASSERTION_USER_ABSENT: "broken",
  ASSERTION_USER_UNVERIFIED: "broken",
  ASSERTION_KEY_UNSUPPORTED: "unchecked",
  ASSERTION_SIGNATURE: "broken",
  APPROVER_DIFFERS: "broken",
  STATEMENT_MALFORMED: "broken",
  STATEMENT_SIGNATURE: "broken",
  STATEMENT_KEY_UNKNOWN: "unwitnessed",
  STATEMENT_DIFFERS: "broken",
} as const satisfies Record<string, FaultClass>;

export type FaultCode = keyof typeof FAULTS;

/** One thing that is wrong, with a sentence that says where and why. */
export class EvidenceFault extends Error {
  readonly code: FaultCode;

  constructor(code: FaultCode, says: string) {
    super(says);
    this.name = "EvidenceFault";
    this.code = code;
  }

  /** Whether this breaks the evidence, leaves it unwitnessed, or only keeps it from being judged. */
  get class(): FaultClass {
    return FAULTS[this.code];
  }
}
