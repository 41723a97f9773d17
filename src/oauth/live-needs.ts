import type { Owner } from "../web/signed-in-owner.ts";

/** What has to be there before a client is given the live account. */
export interface LiveNeed {
  readonly what: string;
  readonly met: boolean;
  /** Where the owner does it. */
  readonly href: string;
}

export async function liveNeeds({ account }: Pick<Owner, "account">): Promise<LiveNeed[]> {
  const [{ passkeys }, sidecars] = await Promise.all([
    account.security.signInSecurity(),
    account.sidecars.listSidecars(),
  ]);
  const paired = sidecars.some(
    ({ state, capabilities }) => state === "active" && capabilities.includes("orders.live"),
  );
  return [
    { what: "a passkey of yours", met: passkeys.length > 0, href: "/security" },
    { what: "your PC, paired with “Orders on a live account”", met: paired, href: "/sidecars" },
  ];
}
