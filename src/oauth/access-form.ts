import { choiceNamed } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { ALL_SCOPES, SCOPES, type Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import type { LiveNeed } from "./live-needs.ts";

/**
 * What a form of access choices gives. `asked` is what the client asked for by name: its reads come
 * with every choice, and are all of "only what it asks for". Without a choice the ticks count.
 */
export function scopesChosen(form: URLSearchParams, asked: readonly Scope[] = []): Scope[] {
  const reads = asked.filter((scope) => SCOPES[scope].tier === "read");
  const id = form.get("choice");
  const choice = choiceNamed(id);
  if (choice !== null) return [...new Set([...choice.scopes, ...reads])];
  if (id === "asked") return reads;
  const ticked = form.getAll("scope");
  return ALL_SCOPES.filter((scope) => ticked.includes(scope));
}

/** What is missing for the live account, where that was chosen; null where nothing is. */
export function liveRefused(form: URLSearchParams, needs: readonly LiveNeed[]): string | null {
  const missing = needs.filter(({ met }) => !met).map(({ what }) => what);
  if (form.get("choice") !== "live" || missing.length === 0) return null;
  return `The live account first needs ${missing.join(" and ")}.`;
}
