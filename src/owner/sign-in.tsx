import { PasskeyAssertion, readPasskeyJson } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { type Context, Hono } from "hono";
import { accountOf, operatorAccount } from "../../durable-objects/d1/tables/accounts.ts";
import { browserLabel } from "../web/browser-label.ts";
import { accountObject } from "../web/env.ts";
import { isAnonymousForm, readForm } from "../web/form.ts";
import { Message, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { returnPath } from "../web/return-path.ts";
import { sameSecret } from "../web/same-secret.ts";
import { sourceOf } from "../web/source-address.ts";
import { clearOwnerCookie, currentOwner, setOwnerCookie } from "./owner-session.ts";
import { isOwnerToken, ownerTokenState } from "./owner-token.ts";
import { isChallenge } from "./sign-in-challenge.ts";
import { showSignIn } from "./sign-in-page.tsx";

/** The owner's way in and out. */
export const signInRoutes = new Hono<PageEnv>();

signInRoutes.get("/sign-in", async (c) => {
  const next = returnPath(c.req.query("next"), c.get("settings").publicOrigin);
  if ((await currentOwner(c)) !== null) return c.redirect(next, 303);
  return showSignIn(c, next);
});

/** By the owner token: until there is a passkey, and afterwards only where the owner says so. */
signInRoutes.post("/sign-in", async (c) => {
  const begun = await beginSignIn(c);
  if (begun instanceof Response) return begun;
  const { form, next, source, id } = begun;
  if (ownerTokenState(c.env.OWNER_TOKEN) !== "ready") return showSignIn(c, next);

  const accountId = await operatorAccount(c.env.DB, new Date());
  const account = accountObject(c.env, accountId).gateway;
  const allowed = await account.signInAllowed(source);
  if (!allowed.ok) return tooMany(c, Math.ceil(allowed.retryAfterMs / 1000));
  const { tokenSignsIn } = await account.signInSecurity();
  if (!tokenSignsIn || !(await isOwnerToken(c.env.OWNER_TOKEN, form.get("token")?.trim() ?? ""))) {
    await account.signInFailed(id);
    const error = tokenSignsIn
      ? "That is not this gateway's owner token."
      : "The owner token does not sign in here any more. Use your passkey.";
    return showSignIn(c, next, { status: 403, error });
  }
  const label = browserLabel(c.req.header("User-Agent"));
  const session = await account.openOwnerSession({ source, label, method: "token" }, id);
  if (session === null) throw new Error("a token sign-in is never limited to once");
  return enter(c, { accountId, ...session }, next);
});

/** By passkey: the credential names the account that it belongs to. */
signInRoutes.post("/sign-in/passkey", async (c) => {
  const begun = await beginSignIn(c);
  if (begun instanceof Response) return begun;
  const { form, next, source, id } = begun;
  const refused = () =>
    showSignIn(c, next, { status: 403, error: "That passkey does not sign in here." });

  const challenge = form.get("challenge") ?? "";
  const key = c.env.EDGE_IDENTITY_KEY ?? "";
  const assertion = readPasskeyJson(PasskeyAssertion, form.get("response") ?? "");
  if (key === "" || assertion === null) return refused();
  if (!isChallenge(key, "sign-in", form.get("form") ?? "", challenge, Date.now())) return refused();
  const accountId = await accountOf(c.env.DB, assertion.response.userHandle ?? null);
  if (accountId === null) return refused();
  const label = browserLabel(c.req.header("User-Agent"));
  const account = accountObject(c.env, accountId).gateway;
  const session = await account.signInWithPasskey({ assertion, challenge, source, label }, id);
  return session === null ? refused() : enter(c, { accountId, ...session }, next);
});

signInRoutes.post("/sign-out", async (c) => {
  const owner = await currentOwner(c);
  const form = await readForm(c);
  if (owner !== null) {
    if (form === null || !sameSecret(form.get("csrf") ?? "", owner.session.csrf)) {
      return c.redirect("/", 303);
    }
    await owner.account.security.closeSession();
  }
  clearOwnerCookie(c);
  return c.redirect("/sign-in", 303);
});

/** What every way of signing in begins with: a form of this browser, from an address with patience. */
export async function beginSignIn(c: Context<PageEnv>) {
  const form = await readForm(c);
  const next = returnPath(form?.get("next") ?? undefined, c.get("settings").publicOrigin);
  if (form === null || !isAnonymousForm(c, form)) {
    return showSignIn(c, next, { status: 403, error: "This form had expired. Please try again." });
  }
  const source = sourceOf(c.req.raw);
  const shield = await c.env.SIGN_IN_LIMIT.limit({ key: source });
  if (!shield.success) return tooMany(c, 60);
  return { form, next, source, id: c.get("requestId") };
}

/** Puts the new session into the cookie, and ends the one that was there. */
export async function enter(
  c: Context<PageEnv>,
  session: { accountId: string; secret: string; expiresAt: string },
  next: string,
): Promise<Response> {
  const before = await currentOwner(c);
  if (before !== null) {
    await before.account.security.closeSession();
  }
  setOwnerCookie(c, session);
  return c.redirect(next, 303);
}

export function tooMany(c: Context<PageEnv>, retryAfterSeconds: number) {
  const minutes = Math.ceil(retryAfterSeconds / 60);
  return sendPage(
    c,
    <Message title="Too many attempts" back={{ href: "/sign-in", label: "Back to sign-in" }}>
      <p>
        Wait {minutes === 1 ? "a minute" : `${minutes} minutes`}, then try again. Connected agents
        are not affected.
      </p>
    </Message>,
    { status: 429, headers: { "Retry-After": String(retryAfterSeconds) } },
  );
}
