import { accessInWords, choicesBeyond } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import type { accessRequest } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-operations.ts";
import type * as z from "zod";
import type { Principal } from "../rpc/account-types.ts";
import type { Standing } from "./clients.ts";

/** What a connection may do, what else there is, and where its owner allows it. */
export function accessOf(
  { external, within }: Pick<Principal, "external" | "within">,
  { scopes, readOnlyUntilMs }: Standing,
  link: string,
  nowMs: number,
): z.output<typeof accessRequest.output> {
  const choices = choicesBeyond(scopes).map(({ id, title, means }) => ({
    choice: id,
    title,
    adds: means,
  }));
  return {
    access: accessInWords(scopes),
    permissions: [...scopes].sort(),
    reads_only_until: readOnlyUntilMs > nowMs ? new Date(readOnlyUntilMs).toISOString() : null,
    choices,
    link,
    next_step: nextStep(choices.length > 0, {
      external: external !== undefined,
      asksForLess: within !== undefined,
    }),
  };
}

function nextStep(more: boolean, token: { external: boolean; asksForLess: boolean }): string {
  const { external, asksForLess } = token;
  if (external) {
    return "This connection comes with a token of another issuer, which bounds it: more has to be in that token first. The owner then allows it at the link.";
  }
  if (asksForLess) {
    return "This app asked for a token with less than its owner allows. Give the owner the link where something is not allowed yet; what is allowed counts only after the app signs in again.";
  }
  return more
    ? "Give the owner the link and say what you need it for. Once it is allowed, call the tool again: this connection stays as it is. If the new tools are not listed, read the list of tools again."
    : "Every choice is allowed already. Single permissions are changed at the link.";
}
