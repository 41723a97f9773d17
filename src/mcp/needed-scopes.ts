import type { Scope } from "../protocol/scopes.ts";
import { holds, toolNamed } from "./catalogue.ts";
import type { Reading } from "./messages.ts";

/** The scopes that a message needs and the grant lacks; none when it may pass. */
export function missingScopes(reading: Reading, granted: ReadonlySet<string>): Scope[] {
  return neededScopes(reading).filter((scope) => !holds(granted, scope));
}

function neededScopes({ method, target }: Reading): Scope[] {
  if (method !== "tools/call" || target === null) return [];
  const tool = toolNamed(target);
  return tool === undefined ? [] : [tool.scope];
}
