import { choiceWith } from "./access-choices.ts";
import { failure, type GatewayFailure } from "./errors.ts";
import { SCOPES, type Scope } from "./scopes.ts";

/**
 * Where the owner gives this client more. It opens nothing by itself: the owner signs in there. The
 * connection that asks is named, so that the owner can end the client's other ones.
 */
export function accessLink(
  publicOrigin: string,
  client: { clientId: string; grantId: string | null },
): string {
  const link = new URL("/clients/access", publicOrigin);
  link.searchParams.set("id", client.clientId);
  if (client.grantId !== null) link.searchParams.set("connection", client.grantId);
  return link.href;
}

/**
 * A call that the owner has not allowed (yet): what it needs, and where he allows it. A token that
 * was asked for with less than the grant (`within`) stays below it, whatever the owner allows.
 */
export function notAllowed(
  needed: Scope,
  link: string | null,
  { within }: { within?: readonly string[] | undefined } = {},
): GatewayFailure {
  const choice = choiceWith([needed]);
  const what = choice === null ? `permission to: ${SCOPES[needed].means}` : `'${choice.title}'`;
  return failure(
    "AUTH_MISSING_SCOPE",
    `This connection has no ${needed}, so nothing was done. It needs ${what}.`,
    { user_action: whatToDo(link, within !== undefined) },
  );
}

function whatToDo(link: string | null, asksForLess: boolean): string {
  if (link === null) return "Allow it for this client in the gateway's console, under Clients.";
  return asksForLess
    ? `This app asked for a token with less than you allow it: have it sign in again; until then this connection stays as it is. If you have not allowed it yet, do so first: ${link}`
    : allowAt(link);
}

/**
 * What the owner is told who can allow it: that nothing has to be connected anew, and the link. The
 * link stands last with nothing behind it, so that no chat and no terminal takes a full stop with it.
 */
export const allowAt = (link: string): string =>
  `Once the owner has allowed it, call the same tool again; this connection stays as it is. Give the owner this link: ${link}`;
