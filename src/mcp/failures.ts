import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type * as z from "zod";
import { INPUT_PROBLEMS_MAX } from "../web/limits.ts";
import { contractNameHint } from "./contract-names.ts";
import { problemOf } from "./input-words.ts";

/** The failures that the MCP side decides by itself, before an account's object is asked. */

/** Names of the predecessor that would act in one step, without a preview and an approval. */
export function forbiddenName(): GatewayFailure {
  return failure(
    "READONLY_WRITE_FORBIDDEN",
    "There is no such one-step order tool here, and there will not be one. Nothing was done.",
  );
}

export function unknownTool(): GatewayFailure {
  return failure("NOT_FOUND", "Unknown tool");
}

export function badCursor(): GatewayFailure {
  return failure("INPUT_INVALID", "Invalid or expired cursor");
}

/**
 * What is wrong with a tool's arguments, in words a model can act on. `inexact` are the numbers
 * that may not be what was written, by path; `known` are the arguments that the tool takes, by name.
 */
export function inputFailure(
  {
    error,
    args,
    known,
  }: { error: z.ZodError | undefined; args: JsonValue | undefined; known: JsonObject },
  inexact: ReadonlyMap<string, string>,
): GatewayFailure {
  const unknown = (error?.issues ?? []).flatMap((issue) =>
    issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : [],
  );
  const hint = contractNameHint(known, unknown);
  const problems = [
    ...(hint === null ? [] : [hint]),
    ...[...inexact].map(([path, words]) => `${path}: ${words.replace(/\.$/, "")}`),
    ...(error?.issues ?? [])
      .filter((issue) => !inexact.has(issue.path.map(String).join(".")))
      .map((issue) => problemOf(issue, args)),
  ];
  const shown = problems.slice(0, INPUT_PROBLEMS_MAX);
  const more = problems.length - shown.length;
  return failure(
    "INPUT_INVALID",
    `The arguments were refused and nothing was done: ${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`,
  );
}

/** Every fault of an order's arguments under the first one's code, with its field and its rule. */
export function orderFailure(
  faults: readonly OrderRefusal[],
  inexact: ReadonlyMap<string, string>,
): GatewayFailure {
  const shown = faults.slice(0, INPUT_PROBLEMS_MAX);
  const words = shown.map(
    ({ field, rule, message }) => `${field} (${rule}): ${inexact.get(field) ?? message}`,
  );
  const more = faults.length - shown.length;
  return failure(
    shown[0]?.code ?? "INPUT_INVALID",
    `The order was refused and nothing was sent. ${words.join(" ")}${more > 0 ? ` And ${more} more.` : ""}`,
  );
}

export function unreachableAccount(retryable: boolean): GatewayFailure {
  return failure("INTERNAL", "The gateway could not be asked just now. Nothing was done.", {
    retryable,
  });
}

export function deadlineExceeded(): GatewayFailure {
  return failure("DEADLINE_EXCEEDED", "The gateway did not answer in time.", { retryable: true });
}

/**
 * A failure as a caller sees it. Where it says how long to wait, the same stands in whole seconds,
 * rounded up, as HTTP's Retry-After counts: waiting that long is enough.
 */
export function shownFailure(failure: GatewayFailure): Record<string, unknown> {
  const seconds = retryAfterSeconds(failure);
  return { ...failure, ...(seconds === null ? {} : { retry_after_seconds: seconds }) };
}

/** Whole seconds to wait; null where the failure names no time. */
export function retryAfterSeconds({ retry_after_ms: ms }: GatewayFailure): number | null {
  return ms === undefined ? null : Math.max(1, Math.ceil(ms / 1_000));
}
