import { isAccountId } from "@ibkr-edge-gateway/protocol/account-id.ts";
import { PasskeyRegistration, readPasskeyJson } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { type Context, Hono } from "hono";
import { newAccountId, openAccount } from "../../durable-objects/d1/tables/accounts.ts";
import { isInvited } from "../../durable-objects/d1/tables/invitations.ts";
import { acceptInvitation } from "../../durable-objects/d1/tables/joint/accept-invitation.ts";
import { displayText } from "../web/client-text.ts";
import { accountObject } from "../web/env.ts";
import { beginAnonymousForm, isAnonymousForm, readForm } from "../web/form.ts";
import { Message, Page, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { makeOptions, PasskeyForm } from "../web/passkey-form.tsx";
import { sourceOf } from "../web/source-address.ts";
import { tooMany } from "./sign-in.tsx";
import { isChallenge, makeChallenge } from "./sign-in-challenge.ts";

/**
 * An account of one's own, with a passkey as its key from the first moment. Closed unless the
 * deployment opens it; by invitation, one code makes one account.
 */
export const signUpRoutes = new Hono<PageEnv>();

signUpRoutes.get("/sign-up", async (c) => {
  const code = c.req.query("invitation") ?? "";
  if (!(await isOpenTo(c, code))) return closed(c);
  return showSignUp(c, code);
});

signUpRoutes.post("/sign-up", async (c) => {
  const form = await readForm(c);
  const code = form?.get("invitation") ?? "";
  if (form === null || !isAnonymousForm(c, form)) {
    return showSignUp(c, code, "This form had expired. Please try again.");
  }
  const { success } = await c.env.SIGN_IN_LIMIT.limit({ key: sourceOf(c.req.raw) });
  if (!success) return tooMany(c, 60);
  if (!(await isOpenTo(c, code))) return closed(c);

  const accountId = form.get("account") ?? "";
  const challenge = form.get("challenge") ?? "";
  const key = c.env.EDGE_IDENTITY_KEY ?? "";
  const registration = readPasskeyJson(PasskeyRegistration, form.get("response") ?? "");
  const genuine =
    key !== "" &&
    isAccountId(accountId) &&
    isChallenge(key, `sign-up:${accountId}`, form.get("form") ?? "", challenge, Date.now());
  if (!genuine || registration === null) {
    return showSignUp(c, code, "The passkey could not be verified. Please try again.");
  }
  const name = displayText(form.get("name") ?? "", 40) || "Passkey";
  const account = accountObject(c.env, accountId).gateway;
  // The key first: an account in the directory always has one. Until then its id leads nowhere.
  const keyed = await account.addFirstPasskey(
    { registration, challenge, name },
    c.get("requestId"),
  );
  if (!keyed) return showSignUp(c, code, "The passkey could not be verified. Please try again.");
  if (c.get("settings").signUp === "open") await openAccount(c.env.DB, accountId, new Date());
  else if (!(await acceptInvitation(c.env.DB, code, accountId, new Date()))) return closed(c);
  return c.redirect("/sign-in", 303);
});

async function isOpenTo(c: Context<PageEnv>, code: string): Promise<boolean> {
  switch (c.get("settings").signUp) {
    case "open":
      return true;
    case "invitation":
      return code !== "" && code.length <= 64 && isInvited(c.env.DB, code, new Date());
    case "closed":
      return false;
  }
}

function showSignUp(c: Context<PageEnv>, invitation: string, error?: string) {
  const key = c.env.EDGE_IDENTITY_KEY ?? "";
  if (key === "") return closed(c);
  const settings = c.get("settings");
  const accountId = newAccountId();
  const form = beginAnonymousForm(c);
  const challenge = makeChallenge(key, `sign-up:${accountId}`, form, Date.now());
  const name = `owner at ${new URL(settings.publicOrigin).hostname}`;
  return sendPage(
    c,
    <Page title="Open an account" narrow>
      <div class="head">
        <h1>Open an account</h1>
        <p class="lead">
          It is yours alone: your own PC, your own clients, your own log. A passkey is its only key.
        </p>
      </div>
      {error !== undefined && (
        <div class="note bad" role="alert">
          <p>{error}</p>
        </div>
      )}
      <PasskeyForm
        action="/sign-up"
        ceremony={makeOptions(settings, { challenge, credentials: [] }, { accountId, name })}
        fields={{ form, challenge, account: accountId, invitation }}
        button="Make a passkey and open the account"
      >
        <label class="field">
          Name of the passkey
          <input type="text" name="name" required maxlength={40} placeholder="My phone" />
        </label>
      </PasskeyForm>
    </Page>,
    { script: true, ...(error === undefined ? {} : { status: 400 }) },
  );
}

function closed(c: Context<PageEnv>) {
  return sendPage(
    c,
    <Message title="No account can be opened here" back={{ href: "/sign-in", label: "Sign in" }}>
      <p>This gateway takes no new owners, or the invitation has been used or has ended.</p>
    </Message>,
    { status: 403 },
  );
}
