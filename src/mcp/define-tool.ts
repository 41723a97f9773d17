import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { readNewer } from "@ibkr-edge-gateway/protocol/operation-schemas/read-newer-version.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { SCOPES, type Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import * as z from "zod";
import {
  type AskedPage,
  type Columns,
  type Paging,
  pageShown,
  viewSchema,
} from "./answer-pages.ts";
import { contractNamed } from "./contract-names.ts";
import { inputFailure, orderFailure } from "./failures.ts";
import {
  fullInputSchema,
  fullOutputSchema,
  inputSchema,
  numeric,
  type ObjectSchema,
  OUTPUT_SCHEMA,
} from "./json-schema.ts";
import { tolerate } from "./lenient-arguments.ts";
import { objectOf } from "./read-message.ts";
import { toJsonObject } from "./to-json.ts";
import { WAIT_MAX_SECONDS, type Watch } from "./wait-for-change.ts";
import { NONE_REWRITTEN, type RewrittenNumbers } from "./wire/exact-numbers.ts";

/** All four, always: a missing hint means "destructive" and "open world" to a host. */
export interface ToolHints {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}

/** A read of the broker's data. */
export const READS_BROKER: ToolHints = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: true,
};

/** Something that can change what stands at the broker; its key makes a repetition harmless. */
export const WRITES_BROKER: ToolHints = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: true,
  openWorldHint: true,
};

/** Something that changes the gateway's own state and sends nothing. */
export const ASKS_OWNER: ToolHints = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};

/** A read of the gateway's own state. */
export const READS_GATEWAY: ToolHints = { ...READS_BROKER, openWorldHint: false };

/** The part of an operation that a tool relies on; relay operations and the edge's own have it. */
export interface ToolOperation<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodObject = z.ZodObject,
> {
  readonly name: string;
  readonly input: Input;
  readonly output: Output;
  readonly deadlineMs: number;
}

/** The account may be left out where there is only one: the account's object then puts it in. */
type WithoutAccount<Input> = Omit<Input, "account_id"> & { account_id?: string | undefined };

export interface ToolSpec<
  Input extends z.ZodObject,
  OperationInput extends z.ZodObject,
  Output extends z.ZodObject,
> {
  /** Lower case and underscores, at most 64 characters. */
  name: `ibkr_${string}`;
  title: string;
  description: string;
  /** What a grant needs for the tool to be seen and called; null where every grant may. */
  scope: Scope | null;
  annotations: ToolHints;
  /** Strict, and every field described. A paged tool has a `cursor` in it, see {@link cursorInput}. */
  input: Input;
  operation: ToolOperation<OperationInput, Output>;
  /** The operation's input, when it is not the tool's own without the cursor. */
  toOperationInput?: (input: z.output<Input>) => WithoutAccount<z.input<OperationInput>>;
  paging?: Paging<z.output<Output>>;
  /** What is shown of the answer, when it is not the operation's own output. */
  shown?: {
    schema: z.ZodObject;
    of(output: z.output<Output>, asked: AskedPage): Record<string, unknown>;
  };
  /** A long list that is shown as one row of names and rows of values. */
  columns?: Columns;
  /** Lets a call wait until the answer changes; the tool's input then has {@link waitInput}. */
  watch?: Watch;
  /** A second question of the same kind, asked instead when the arguments say so. */
  instead?: {
    when(input: z.output<Input>): boolean;
    operation: ToolOperation;
    toOperationInput(input: z.output<Input>): object;
    /** The list that it gives whole, and that is cut into pages here. */
    pages?: { paging: Paging<Record<string, unknown>>; columns?: Columns };
  };
  /** Names that an argument had until a version ago, with the one it has now. */
  before?: Readonly<Record<string, string>>;
  /** What is wrong with the arguments, by field and rule, where the schema alone could not say. */
  faults?: (args: JsonValue) => readonly OrderRefusal[];
  /** From arrival at the account object to the answer; the operation's own by default. */
  deadlineMs?: number;
}

/** The field that continues a paged answer. Any text is taken here; what is no cursor is -32602. */
export const cursorInput = {
  cursor: z.string().optional().describe("A next_cursor"),
};

/** How long the call may wait for a change. */
export const waitInput = {
  wait_seconds: numeric(z.int().min(0).max(WAIT_MAX_SECONDS)).optional().describe("Until changed"),
};

/** A tool as `tools/list` shows it. */
export interface ListedTool {
  [key: string]: unknown;
  name: string;
  title: string;
  description: string;
  inputSchema: ObjectSchema;
  outputSchema: ObjectSchema;
  annotations: ToolHints;
}

/** A call whose arguments were understood. */
export interface PreparedCall {
  operation: string;
  input: JsonObject;
  deadlineMs: number;
  /** What a cursor is bound to, and the one that was sent; null for tools without pages. */
  page: { query: JsonObject; cursor: string | null } | null;
  /** Absent where the answer is wanted at once. */
  wait?: { waitMs: number; watch: Watch };
}

export type Preparation = { ok: true; call: PreparedCall } | { ok: false; failure: GatewayFailure };

export type Presented =
  | { ok: true; output: Record<string, unknown>; nextPosition: number | null }
  | { ok: false; failure: GatewayFailure; detail: string };

/** One tool, as the server needs it: what was generic in its definition is closed over. */
export interface Tool {
  readonly name: string;
  readonly scope: Scope | null;
  /** What it may ask for; one of them in each call. */
  readonly operations: readonly string[];
  /** Its entry in `tools/list`, made on first use and then kept. */
  listing(): ListedTool;
  /** The full JSON Schema of a successful answer, one for each operation. */
  answerSchemas(): JsonObject[];
  /** `rewritten`: the numbers of the message that JSON.parse may have changed. */
  prepare(args: JsonValue | undefined, rewritten?: RewrittenNumbers): Preparation;
  /** The operation input that continues `call` at the position of a verified cursor. */
  at(call: PreparedCall, position: number): JsonObject;
  /** Checks what came back against the operation's schema; nothing unchecked reaches a caller. */
  present(call: PreparedCall, result: JsonValue, position?: number | null): Presented;
}

/** Puts a tool together. Whatever it is generic in is closed over, so that all tools are alike. */
export function defineTool<
  Input extends z.ZodObject,
  OperationInput extends z.ZodObject,
  Output extends z.ZodObject,
>(spec: ToolSpec<Input, OperationInput, Output>): Tool {
  const { operation, paging, instead } = spec;
  const answers = answersOf(spec);
  let listing: ListedTool | undefined;
  let taken: JsonObject | undefined;

  return {
    name: spec.name,
    scope: spec.scope,
    operations: [operation.name, ...(instead === undefined ? [] : [instead.operation.name])],

    listing() {
      listing ??= {
        name: spec.name,
        title: spec.title,
        description: spec.description,
        inputSchema: inputSchema(spec.input),
        outputSchema: { ...OUTPUT_SCHEMA },
        annotations: { ...spec.annotations },
      };
      return listing;
    },

    answerSchemas: () => answers.map(fullOutputSchema),

    prepare(sent, rewritten = NONE_REWRITTEN) {
      taken ??= fullInputSchema(spec.input);
      const listsAsText = spec.scope === null || SCOPES[spec.scope].tier === "read";
      const known = objectOf(taken.properties);
      const named = listsAsText ? contractNamed(known, sent ?? {}, spec.before) : (sent ?? {});
      const { args, inexact } = tolerate(taken, named, { listsAsText, rewritten });
      const faults = spec.faults?.(args) ?? [];
      if (faults.length > 0) return { ok: false, failure: orderFailure(faults, inexact) };
      const parsed = spec.input.safeParse(args);
      if (!parsed.success || inexact.size > 0) {
        return { ok: false, failure: inputFailure({ error: parsed.error, args, known }, inexact) };
      }
      return { ok: true, call: callFor(spec, parsed.data) };
    },

    at(call, position) {
      const other = call.operation === instead?.operation.name;
      return { ...call.input, ...(other ? instead?.pages?.paging : paging)?.toInput(position) };
    },

    present(call, result, position = null) {
      const asked = { query: call.page?.query ?? {}, position };
      if (call.operation === instead?.operation.name) {
        const other = readNewer(instead.operation.output, result);
        return other.ok
          ? { ok: true, ...pageShown(other.value, instead.pages ?? {}, asked) }
          : notInForm(call.operation, other.error);
      }
      // What a newer PC adds is left out: it is no reason to show nothing.
      const parsed = readNewer(operation.output, result);
      if (!parsed.ok) return notInForm(call.operation, parsed.error);
      return { ok: true, ...pageShown(parsed.value, spec, asked) };
    },
  };
}

/** What a caller can be answered: one schema for each operation. */
function answersOf<
  Input extends z.ZodObject,
  OperationInput extends z.ZodObject,
  Output extends z.ZodObject,
>(spec: ToolSpec<Input, OperationInput, Output>): z.ZodObject[] {
  const { operation, instead } = spec;
  return [
    viewSchema(operation.output, spec),
    ...(instead === undefined ? [] : [viewSchema(instead.operation.output, instead.pages ?? {})]),
  ];
}

/** The call that understood arguments ask for. The cursor and the wait are the tool's own matter. */
function callFor<
  Input extends z.ZodObject,
  OperationInput extends z.ZodObject,
  Output extends z.ZodObject,
>(spec: ToolSpec<Input, OperationInput, Output>, input: z.output<Input>): PreparedCall {
  const { operation, paging, instead, watch } = spec;
  const { cursor, ...uncursored } = toJsonObject(input);
  const pageOf = (query: JsonObject) => ({
    query,
    cursor: typeof cursor === "string" ? cursor : null,
  });
  if (instead?.when(input)) {
    const { name, deadlineMs } = instead.operation;
    const asked = toJsonObject(instead.toOperationInput(input));
    const page = instead.pages === undefined ? null : pageOf(uncursored);
    return { operation: name, input: asked, deadlineMs, page };
  }
  const { wait_seconds: seconds, ...unwaited } = uncursored;
  const query = watch === undefined ? uncursored : unwaited;
  const asked =
    spec.toOperationInput === undefined ? query : toJsonObject(spec.toOperationInput(input));
  const most = query.limit === undefined ? paging?.most : undefined;
  return {
    operation: operation.name,
    input: most === undefined ? asked : { ...asked, limit: most },
    deadlineMs: spec.deadlineMs ?? operation.deadlineMs,
    page: paging === undefined ? null : pageOf(query),
    ...(watch === undefined || typeof seconds !== "number" || seconds === 0
      ? {}
      : { wait: { waitMs: seconds * 1_000, watch } }),
  };
}

/** Where the answer departed from its form stands in the log; what stood there does not. */
function notInForm(operation: string, error: z.ZodError): Presented {
  const [issue] = error.issues;
  return {
    ok: false,
    failure: failure(
      "BROKER_RESPONSE_INVALID",
      "The answer did not have the form it must have, so it is not shown.",
      { user_action: "Check that the sidecar and the gateway run the same version." },
    ),
    detail: `${operation}: ${issue?.code ?? "invalid"} at ${issue?.path.join(".") ?? ""}`,
  };
}
