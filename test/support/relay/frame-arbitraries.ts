import { CAPABILITIES } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import {
  type Catalogue,
  FROM_EDGE,
  FROM_SIDECAR,
} from "@ibkr-edge-gateway/protocol/relay/messages.ts";
import { RELAY_ERROR_CODES } from "@ibkr-edge-gateway/protocol/relay/relay-errors.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import fc from "fast-check";

/** Frames that are nearly right: the fields of the protocol, with values that range from right to absurd. */

const id = fc
  .uint8Array({ minLength: 10, maxLength: 10 })
  .map((bytes) => ulid(1_800_000_000_000, bytes));
const bytes32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("base64url"));
const bytes64 = fc
  .uint8Array({ minLength: 64, maxLength: 64 })
  .map((bytes) => Buffer.from(bytes).toString("base64url"));
const sha256 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));
const time = fc.constantFrom("2026-11-20T10:00:00.000Z", "2036-01-01T00:00:00.000Z");
const text = fc.string({ unit: "binary", maxLength: 40 });
const seq = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(Number.MAX_SAFE_INTEGER));
const code = fc.constantFrom(...RELAY_ERROR_CODES);
const capabilities = fc.subarray([...CAPABILITIES]);
const json = fc.jsonValue({ maxDepth: 4 });
const object = fc.dictionary(fc.string({ maxLength: 8 }), json, { maxKeys: 5 });

const FIELDS: Record<string, fc.Arbitrary<unknown>> = {
  auth: fc.record({
    scheme: fc.constant("signed_jwt"),
    token: fc.string({ minLength: 1, maxLength: 60 }),
  }),
  client: fc.record({
    kind: fc.constant("fuzz"),
    version: fc.constant("1"),
    fingerprint: text,
    principal: fc.constantFrom("sidecar-1", "sidecar-9"),
  }),
  capabilities,
  journal: fc.record({
    id: fc.constantFrom("j1", "j2"),
    oldest_seq: fc.integer({ min: 1, max: 9 }),
    newest_seq: seq,
  }),
  resume: fc.record({ session_id: id, resume_token: bytes32, last_processed_seq: seq }),
  response: bytes64,
  nonce: bytes32,
  challenge: bytes32,
  session_id: id,
  epoch: fc.integer({ min: 1, max: 3 }),
  runtime: fc.record({
    kind: fc.constant("fuzz"),
    version: fc.constant("1"),
    fingerprint: text,
    trust_level: fc.constant("constrained"),
    proof: bytes64,
  }),
  lease: fc.record({ expires_at: time }),
  resume_token: bytes32,
  limits: fc.constant({
    max_frame_bytes: 1_048_576,
    max_inflight_reads: 32,
    max_inflight_writes: 1,
    heartbeat_ms: 20_000,
    resume_window_ms: 600_000,
  }),
  last_processed_seq: seq,
  code,
  message: text,
  reason: fc.oneof(text, fc.constantFrom("already_terminal", "started", "unknown")),
  scope: fc.constantFrom("connection", "session", "job", "request"),
  retryable: fc.boolean(),
  retry_after_ms: fc.nat(),
  details: object,
  deadline_ms: fc.integer({ min: 1, max: 100_000 }),
  filter: fc.record({ job_ids: fc.array(id, { minLength: 1, maxLength: 5 }) }),
  jobs: fc.array(
    fc.record({ job_id: id, state: fc.constantFrom("not_started", "started", "forgotten") }),
  ),
  fingerprint: text,
  public_key: bytes32,
  old_signature: bytes64,
  new_signature: bytes64,
  job_id: id,
  operation: fc.constantFrom("test.read", "test.write", "nope"),
  input: object,
  input_sha256: sha256,
  grant: fc.record(
    {
      capability: fc.constantFrom(...CAPABILITIES),
      broker_account: fc.constantFrom("DU1", "DU2"),
      scope: fc.constant("test"),
      expires_at: time,
    },
    { requiredKeys: ["capability", "scope", "expires_at"] },
  ),
  approval: object,
  chunk_seq: seq,
  data: text,
  more: fc.boolean(),
  result: json,
  result_sha256: sha256,
  chunks: fc.integer({ min: 1, max: 4 }),
  result_bytes: fc.integer({ min: 1, max: 100 }),
  outcome: fc.constantFrom("not_executed", "executed", "unknown"),
};

/** The fields that messages of this type are made of, found in the catalogue itself. */
function fieldsOf(schema: unknown): string[] {
  const shape = (schema as { shape?: Record<string, unknown> }).shape;
  return shape === undefined ? [] : Object.keys(shape);
}

function payloadOf(schema: unknown): fc.Arbitrary<unknown> {
  const names = fieldsOf(schema);
  if (names.length === 0) return object;
  const fields = Object.fromEntries(names.map((name) => [name, FIELDS[name] ?? json]));
  return fc.oneof(
    { weight: 6, arbitrary: fc.record(fields, { requiredKeys: [] }) },
    { weight: 6, arbitrary: fc.record(fields) },
    { weight: 1, arbitrary: json },
  );
}

export interface FuzzedFrame {
  readonly type: string;
  readonly payload: unknown;
  /** Envelope fields that are added or spoiled. */
  readonly head: Record<string, unknown>;
}

function framesOf(catalogue: Catalogue): fc.Arbitrary<FuzzedFrame> {
  const perType = Object.entries(catalogue).map(([type, schema]) =>
    fc.record({
      type: fc.oneof(
        { weight: 30, arbitrary: fc.constant(type) },
        { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
      ),
      payload: payloadOf(schema),
      head: fc.oneof(
        { weight: 4, arbitrary: fc.constant({}) },
        {
          weight: 1,
          arbitrary: fc.dictionary(
            fc.constantFrom(
              "id",
              "arcp",
              "timestamp",
              "session_id",
              "epoch",
              "event_seq",
              "correlation_id",
              "optional",
              "traceparent",
              "x",
            ),
            fc.oneof(json, seq, id),
            { maxKeys: 3 },
          ),
        },
        { weight: 2, arbitrary: fc.record({ event_seq: fc.integer({ min: 1, max: 6 }) }) },
      ),
    }),
  );
  return fc.oneof(...perType);
}

export const sidecarFrames = framesOf(FROM_SIDECAR);
export const edgeFrames = framesOf(FROM_EDGE);

/** Text that was once a frame, with bytes knocked out of it. */
export const brokenTexts = fc
  .tuple(
    fc.oneof(sidecarFrames, edgeFrames),
    fc.array(fc.tuple(fc.nat(), fc.string({ unit: "binary", maxLength: 3 })), { maxLength: 4 }),
  )
  .map(([frame, edits]) => {
    let spoiled = JSON.stringify({ arcp: "1.1", ...frame });
    for (const [at, insert] of edits) {
      const cut = at % (spoiled.length + 1);
      spoiled = spoiled.slice(0, cut) + insert + spoiled.slice(cut + 1);
    }
    return spoiled;
  });
