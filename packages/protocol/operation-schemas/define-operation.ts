import type * as z from "zod";
import type { Capability } from "../capabilities.ts";

/**
 * One typed thing the edge may ask a sidecar for. There is no generic proxy: what is not an
 * operation cannot be asked.
 */
export interface Operation<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> {
  readonly name: Name;
  /** A write may have effects outside; it is journaled at the sidecar before it acts. */
  readonly class: "read" | "write";
  readonly capability: Capability;
  /** A capability it may be asked under instead: in a live account an order needs `orders.live`. */
  readonly alsoUnder?: Capability;
  /** Strict: an unknown key is refused on both ends. */
  readonly input: Input;
  readonly output: Output;
  /** How long the edge waits by default, in milliseconds. */
  readonly deadlineMs: number;
}

/** Declares an operation; gives it back as it is, with its name and schemas as types. */
export function defineOperation<
  const Name extends string,
  Input extends z.ZodType,
  Output extends z.ZodType,
>(operation: Operation<Name, Input, Output>): Operation<Name, Input, Output> {
  return operation;
}

export type OperationInput<O extends Operation> = z.output<O["input"]>;
export type OperationOutput<O extends Operation> = z.output<O["output"]>;

/** Whether a job may ask for the operation under this capability. */
export function mayAskUnder(
  operation: Pick<Operation, "capability" | "alsoUnder">,
  capability: Capability,
): boolean {
  return operation.capability === capability || operation.alsoUnder === capability;
}
