import { isAccountId } from "@ibkr-edge-gateway/protocol/account-id.ts";
import { normaliseUserCode } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { type Context, Hono } from "hono";
import { accountExists, findOperator } from "../../durable-objects/d1/tables/accounts.ts";
import { browserLabel } from "../web/browser-label.ts";
import { accountObject } from "../web/env.ts";
import { beginAnonymousForm } from "../web/form.ts";
import { Page, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { isOwnerToken } from "./owner-token.ts";
import { beginSignIn, enter, tooMany } from "./sign-in.tsx";

/**
 * The way back for an owner who lost every passkey. The operator needs the owner token and a code
 * that the paired PC shows; either alone opens nothing. Any other owner has no token: there the PC
 * shows its code only after a day, in which whoever is still signed in can stop it. A new passkey
 * may be added in the session that follows.
 */
export const recoverRoutes = new Hono<PageEnv>();

recoverRoutes.get("/sign-in/recover", async (c) => showRecovery(c, await memberOf(c)));

recoverRoutes.post("/sign-in/recover", async (c) => {
  const begun = await beginSignIn(c);
  if (begun instanceof Response) return begun;
  const { form, source, id } = begun;
  const member = await memberOf(c, form.get("account") ?? "");
  const refused = () =>
    showRecovery(
      c,
      member,
      member === null
        ? "The token and the code do not open this account."
        : "The code does not open this account.",
    );
  const accountId = member ?? (await findOperator(c.env.DB));
  if (accountId === null) return refused();
  const account = accountObject(c.env, accountId).gateway;
  const allowed = await account.signInAllowed(source);
  if (!allowed.ok) return tooMany(c, Math.ceil(allowed.retryAfterMs / 1000));
  const code = normaliseUserCode(form.get("code") ?? "") ?? "";
  const no = { ok: false, readyAt: null };
  const proved =
    member === null
      ? (await isOwnerToken(c.env.OWNER_TOKEN, form.get("token")?.trim() ?? ""))
        ? await account.takeRecovery(code, id)
        : no
      : { ...no, ok: await account.takeMemberRecovery(code) };
  if (!proved.ok) {
    if (proved.readyAt !== null) return showRecovery(c, member, waitText(proved.readyAt));
    await account.signInFailed(id);
    return refused();
  }
  const label = browserLabel(c.req.header("User-Agent"));
  const session = await account.openOwnerSession({ source, label, method: "recovery" }, id);
  return session === null ? refused() : enter(c, { accountId, ...session }, "/security");
});

const waitText = (readyAt: number): string =>
  `No PC is paired, so the token counts after a day, in which any of your passkeys stops this. Come back after ${new Date(readyAt).toISOString().slice(0, 16).replace("T", " ")} UTC.`;

/** The account that a PC's address names, where it is another owner's than the operator's. */
async function memberOf(
  c: Context<PageEnv>,
  named: string = c.req.query("account") ?? "",
): Promise<string | null> {
  if (!isAccountId(named) || named === (await findOperator(c.env.DB))) return null;
  return (await accountExists(c.env.DB, named)) ? named : null;
}

function showRecovery(c: Context<PageEnv>, member: string | null, error?: string) {
  const form = beginAnonymousForm(c);
  return sendPage(
    c,
    <Page title="Get in again" narrow>
      <div class="head">
        <h1>All passkeys lost?</h1>
        <p class="lead">
          {member === null
            ? "With the owner token and your paired PC you get in once more and add a new passkey. On the PC, run:"
            : "Your paired PC shows a code a day after it first asked. Type it here, then add a new passkey. On the PC, run:"}
        </p>
      </div>
      <code class="copy">{sidecarCommand("recover")}</code>
      {error !== undefined && (
        <div class="note bad" role="alert" id="error">
          <p>{error}</p>
        </div>
      )}
      <form class="card" method="post" action="/sign-in/recover">
        <input type="hidden" name="form" value={form} />
        {member === null ? (
          <label class="field">
            Owner token
            <input type="password" name="token" required autocomplete="off" spellcheck={false} />
          </label>
        ) : (
          <input type="hidden" name="account" value={member} />
        )}
        <label class="field">
          Code shown on the PC
          <input
            class="code"
            type="text"
            name="code"
            maxlength={16}
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
          />
          {member === null && (
            <span class="hint">Leave it empty if no PC is paired; then it takes a day.</span>
          )}
        </label>
        <div class="actions">
          <button type="submit">Sign in</button>
        </div>
      </form>
      {member === null && c.get("settings").signUp !== "closed" && (
        <p class="small soft">
          No owner token, because you were invited or opened your own account? Open the address that
          your PC prints.
        </p>
      )}
      <p class="small">
        <a href="/sign-in">Back to sign-in</a>
      </p>
    </Page>,
    error === undefined ? {} : { status: 403 },
  );
}
