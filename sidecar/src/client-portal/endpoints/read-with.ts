import type * as z from "zod";
import { unreadable } from "../read-failure.ts";

/** A decoder from a schema; what does not fit is the broker's fault and is said so. */
export function readWith<S extends z.ZodType>(
  name: string,
  schema: S,
): (json: unknown) => z.output<S> {
  return (json) => {
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw unreadable(name, `${issue?.path.join(".") ?? ""} ${issue?.code ?? ""}`);
  };
}
