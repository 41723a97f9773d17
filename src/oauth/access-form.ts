import { choiceNamed, isOrderScope } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { ALL_SCOPES, SCOPES, type Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import type { ClientConnection } from "../../durable-objects/account/rpc/account-types.ts";
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

/** What is missing where live scopes are given; null where nothing is, or none are. */
export function liveRefused(given: readonly Scope[], needs: readonly LiveNeed[]): string | null {
  const missing = needs.filter(({ met }) => !met).map(({ what }) => what);
  if (missing.length === 0 || !given.some((scope) => SCOPES[scope].tier === "live")) return null;
  return `The live account first needs ${missing.join(" and ")}.`;
}

/** Those that a client does not have yet. */
export function newScopes(chosen: readonly Scope[], has: readonly string[]): Scope[] {
  return chosen.filter((scope) => !has.includes(scope));
}

/**
 * The one connection that stays, where the owner's form ends the others and gives the client order
 * scopes: the one that is named, as long as it is this client's, else the newest. Undefined where
 * none is ended.
 */
export function connectionKept(
  form: URLSearchParams,
  added: readonly Scope[],
  connections: readonly ClientConnection[],
): string | undefined {
  if (form.get("end_others") !== "yes" || !added.some(isOrderScope)) return undefined;
  return connectionThatStays(form.get("connection"), connections)?.grantId;
}

export function connectionThatStays(
  named: string | null | undefined,
  connections: readonly ClientConnection[],
): ClientConnection | undefined {
  return connections.find(({ grantId }) => grantId === named) ?? connections[0];
}
