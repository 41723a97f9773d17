import * as z from "zod";
import { ShownAuditEvent } from "../audit/event.ts";
import { AuditExportQuery } from "../audit/export-query.ts";
import { auditFilter } from "../audit/filter.ts";
import { ClientOrderId } from "../orders/intent.ts";
import { BROKER_SESSION_STATES } from "./session-status.ts";

/**
 * The operations that the account object answers by itself, without a sidecar. They travel in
 * `ToolCall.operation` like any other; what a sidecar is asked for stands in `registry.ts`.
 */
export interface EdgeOperation<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> {
  readonly name: Name;
  readonly input: Input;
  readonly output: Output;
  readonly deadlineMs: number;
}

/** Declares an operation of the account object's own; gives it back as it is, with its types. */
export function defineEdgeOperation<
  const Name extends string,
  Input extends z.ZodType,
  Output extends z.ZodType,
>(operation: EdgeOperation<Name, Input, Output>): EdgeOperation<Name, Input, Output> {
  return operation;
}

/** That the gateway answers, and whether there is a broker side behind it. */
export const gatewayHealth = defineEdgeOperation({
  name: "gateway.health",
  input: z.strictObject({}),
  output: z.strictObject({
    gateway: z.literal("ok"),
    sidecar: z.enum(["not_paired", "offline", "online"]),
    /** RFC 3339, UTC: when the object answered. */
    checked_at: z.string(),
  }),
  deadlineMs: 2_000,
});

/** `BackendStatus` of the account object's RPC surface. */
export const backendStatus = defineEdgeOperation({
  name: "backend.status",
  input: z.strictObject({}),
  output: z.strictObject({
    sidecar: z.strictObject({
      state: z.enum(["not_paired", "offline", "online"]),
      sidecar_id: z.string().nullable(),
      machine: z.string().nullable(),
      connected_since: z.string().nullable(),
      last_seen_at: z.string().nullable(),
    }),
    broker: z.strictObject({
      state: z.enum(BROKER_SESSION_STATES),
      mode: z.enum(["paper", "live", "unknown"]),
      generation: z.int().nullable(),
      observed_at: z.string().nullable(),
      source: z.enum(["client_portal", "simulator", "unknown"]),
      /** Of a simulated market that never closes; null for every real one. */
      market_note: z.string().nullable(),
    }),
    next_step: z.string().nullable(),
  }),
  deadlineMs: 2_000,
});

/**
 * A page of the log as it is shown to others than the owner, newest first. A filtered page looks
 * through a bounded number of events, so it can be short, or empty, and still go on.
 */
export const auditTail = defineEdgeOperation({
  name: "audit.tail",
  input: z.strictObject({
    beforeSeq: z.int().positive().optional(),
    limit: z.int().min(1).max(500),
    ...auditFilter,
  }),
  output: z.strictObject({
    records: z.array(
      z.strictObject({ seq: z.int().positive(), leaf_hash: z.string(), event: ShownAuditEvent }),
    ),
    nextBeforeSeq: z.int().positive().nullable(),
    headSeq: z.int().nonnegative(),
  }),
  deadlineMs: 5_000,
});

/**
 * A part of the log as it was hashed, oldest first, with what leads from it to the newest signed head:
 * `ExportPart` of packages/evidence, without openings and from the first event of version 2 on.
 */
export const auditExport = defineEdgeOperation({
  name: "audit.export",
  input: AuditExportQuery,
  output: z.strictObject({
    origin: z.string(),
    account: z.string(),
    fromIndex: z.int().nonnegative(),
    rangeEnd: z.int().nonnegative(),
    left: z.array(z.string()),
    entries: z.array(z.string()),
    /** Lower-case hex, one for each entry. */
    leafHashes: z.array(z.string()),
    openings: z.array(z.never()),
    heads: z.array(z.strictObject({ size: z.int().nonnegative(), note: z.string() })),
    size: z.int().nonnegative(),
    checkpoint: z.string(),
    tail: z.array(z.string()),
    policy: z.string(),
  }),
  deadlineMs: 10_000,
});

/** The proof file of one order (packages/evidence/SPEC.md, section 9), with whom one might trust. */
export const orderEvidence = defineEdgeOperation({
  name: "order.evidence",
  input: z.strictObject({ order_ref: ClientOrderId }),
  output: z.strictObject({
    account_id: z.string(),
    order_ref: z.string(),
    /** How the order ended. */
    outcome: z.string(),
    /** Number of the log's entry that names all of it. */
    seq: z.int().positive(),
    /** How many PCs have cosigned the head. */
    witnesses: z.int().nonnegative(),
    proof: z.string(),
    trust_policy: z.string(),
    trusted_keys: z.string(),
  }),
  deadlineMs: 5_000,
});

/** What this connection may do, what else the owner can choose, and the link where he does. */
export const accessRequest = defineEdgeOperation({
  name: "access.request",
  input: z.strictObject({}),
  output: z.strictObject({
    /** In the words of the consent page. */
    access: z.string(),
    permissions: z.array(z.string()),
    /** RFC 3339, UTC: until then a new client only reads; null when that is over. */
    reads_only_until: z.string().nullable(),
    /** What would give more, the smallest first. */
    choices: z.array(
      z.strictObject({
        choice: z.enum(["read", "prepare", "paper", "live"]),
        title: z.string(),
        adds: z.string(),
      }),
    ),
    link: z.string(),
    next_step: z.string(),
  }),
  deadlineMs: 2_000,
});

/** Everything the account object answers by itself. */
export const EDGE_OPERATIONS = {
  "gateway.health": gatewayHealth,
  "backend.status": backendStatus,
  "audit.tail": auditTail,
  "audit.export": auditExport,
  "order.evidence": orderEvidence,
  "access.request": accessRequest,
} as const;
