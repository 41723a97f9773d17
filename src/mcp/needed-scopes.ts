import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { holds, toolNamed } from "./catalogue.ts";
import type { Reading } from "./read-message.ts";
import { scopeOfResource } from "./resources.ts";

/** The scope that a message needs and the grant lacks; null when it may pass. */
export function missingScope(reading: Reading, granted: ReadonlySet<string>): Scope | null {
  const needed = neededScope(reading);
  return needed === null || holds(granted, needed) ? null : needed;
}

function neededScope({ method, target }: Reading): Scope | null {
  if (target === null) return null;
  switch (method) {
    case "tools/call":
      return toolNamed(target)?.scope ?? null;
    case "resources/read":
      return scopeOfResource(target);
    default:
      return null;
  }
}
