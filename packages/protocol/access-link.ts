import { choiceWith } from "./access-choices.ts";
import { failure, type GatewayFailure } from "./errors.ts";
import { SCOPES, type Scope } from "./scopes.ts";

/** Where the owner gives this client more. It opens nothing by itself: the owner signs in there. */
export function accessLink(publicOrigin: string, clientId: string): string {
  const link = new URL("/clients/access", publicOrigin);
  link.searchParams.set("id", clientId);
  return link.href;
}

/** A call that the owner has not allowed (yet): what it needs, and where he allows it. */
export function notAllowed(needed: Scope, link: string | null): GatewayFailure {
  const choice = choiceWith([needed]);
  const what = choice === null ? `permission to: ${SCOPES[needed].means}` : `'${choice.title}'`;
  return failure(
    "AUTH_MISSING_SCOPE",
    `This connection has no ${needed}, so nothing was done. It needs ${what}.`,
    {
      user_action:
        link === null
          ? "Allow it for this client in the gateway's console, under Clients."
          : `Give the owner this link to allow it: ${link} Then call the same tool again; this connection stays as it is.`,
    },
  );
}
