import * as z from "zod";
import { isJsonObject } from "../canonical-json.ts";
import { EvidenceFault } from "../fault.ts";

/**
 * The events of a log, by the version that each names in `v`. Version 1 holds unsalted hashes of
 * input and output, which anybody who can guess the value can confirm; they stay as they are, and
 * are shown to the owner alone. Version 2 holds commitments. Members that are not known are kept.
 */
const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Time = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
const Type = z.string().regex(/^[a-z_]+(?:\.[a-z_]+)+$/);

const Who = z.looseObject({
  kind: z.string(),
  subject: z.string().nullable(),
  client_id: z.string().nullable(),
  sidecar_id: z.string().nullable(),
});
const What = z.looseObject({
  tool: z.string().nullable(),
  operation: z.string().nullable(),
  scopes: z.array(z.string()),
  decision: z.string(),
  result: z.string(),
  error_code: z.string().nullable(),
});
const common = {
  /** ULID; unique. */
  event_id: z.string(),
  /** What happened, in two words or more: `tool.call`, `order.settled`, `log.opened`. */
  type: Type,
  /** RFC 3339, UTC, milliseconds. */
  started_at: Time,
  ended_at: Time,
  who: Who,
  what: What,
  /** HMAC of the broker account under the log's own key: equal accounts look alike. */
  account_hash: z.string().nullable(),
  request_id: z.string(),
  /** Small facts in clear that belong to the type. Never a broker account, label or secret. */
  meta: z.record(z.string(), z.string()),
};

export const AuditEventV1 = z.looseObject({
  v: z.literal(1),
  ...common,
  input_hash: z.string().nullable(),
  output_hash: z.string().nullable(),
});
export type AuditEventV1 = z.infer<typeof AuditEventV1>;

export const AuditEventV2 = z.looseObject({
  v: z.literal(2),
  ...common,
  /** Commitment to the broker account that the event is about; null when there is none. */
  account: Hash.nullable(),
  input: Hash.nullable(),
  output: Hash.nullable(),
});
export type AuditEventV2 = z.infer<typeof AuditEventV2>;

export const AuditEvent = z.discriminatedUnion("v", [AuditEventV1, AuditEventV2]);
export type AuditEvent = z.infer<typeof AuditEvent>;

/** An event of a known version; null for a later one. Throws `ENTRY_MALFORMED`. */
export function readEvent(value: Readonly<Record<string, unknown>>): AuditEvent | null {
  const { v } = value;
  if (typeof v !== "number") throw new EvidenceFault("ENTRY_MALFORMED", "An event has no version.");
  if (v !== 1 && v !== 2) return null;
  const event = AuditEvent.safeParse(value);
  if (!event.success) {
    const [issue] = event.error.issues;
    throw new EvidenceFault(
      "ENTRY_MALFORMED",
      `An event of version ${v} has no such form: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}.`,
    );
  }
  return event.data;
}

/** The little of an event that verification needs; any version has it. */
export interface EventHead {
  /** 0 when the event has no version. */
  readonly v: number;
  readonly type: string | null;
  /** The text member `name` of its small facts; null when there is none. */
  meta(name: string): string | null;
}

/** Reads an event's head without judging the rest: an event's form is not what a log proves. */
export function eventHead(value: Readonly<Record<string, unknown>>): EventHead {
  const { v, type, meta } = value;
  return {
    v: typeof v === "number" ? v : 0,
    type: typeof type === "string" ? type : null,
    meta(name) {
      const found = isJsonObject(meta) && Object.hasOwn(meta, name) ? meta[name] : null;
      return typeof found === "string" ? found : null;
    },
  };
}

/** A version 2 event's commitment under a field's name; null when the event has none there. */
export function committed(value: Readonly<Record<string, unknown>>, field: string): string | null {
  if (value.v !== 2 || !Object.hasOwn(value, field)) return null;
  const found = value[field];
  return typeof found === "string" && Hash.safeParse(found).success ? found : null;
}
