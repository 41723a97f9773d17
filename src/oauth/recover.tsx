import { type Context, Hono } from "hono";
import { findOperator } from "../accounts/directory.ts";
import type { PageEnv } from "../console/context.ts";
import { Page, sendPage } from "../console/page.tsx";
import { accountObject } from "../env.ts";
import { normaliseUserCode } from "../protocol/relay/pairing.ts";
import { browserLabel } from "./browser-label.ts";
import { beginAnonymousForm } from "./form.ts";
import { isOwnerToken } from "./owner-token.ts";
import { begin, enter, tooMany } from "./sign-in.tsx";

/**
 * The way back for the operator who lost every passkey: the owner token and a code that the paired
 * PC shows. Either alone opens nothing. A new passkey may be added in the session that follows.
 */
export const recoverRoutes = new Hono<PageEnv>();

recoverRoutes.get("/sign-in/recover", (c) => showRecovery(c));

recoverRoutes.post("/sign-in/recover", async (c) => {
  const begun = await begin(c);
  if (begun instanceof Response) return begun;
  const { form, source, id } = begun;
  const refused = () => showRecovery(c, "The token and the code do not open this account.");
  const accountId = await findOperator(c.env.DB);
  if (accountId === null) return refused();
  const account = accountObject(c.env, accountId);
  const allowed = await account.signInAllowed(source);
  if (!allowed.ok) return tooMany(c, Math.ceil(allowed.retryAfterMs / 1000));
  const genuine = await isOwnerToken(c.env.OWNER_TOKEN, form.get("token")?.trim() ?? "");
  const code = normaliseUserCode(form.get("code") ?? "") ?? "";
  if (!genuine || !(await account.takeRecovery(code))) {
    await account.signInFailed(id);
    return refused();
  }
  const label = browserLabel(c.req.header("User-Agent"));
  const session = await account.openOwnerSession({ source, label, method: "recovery" }, id);
  return session === null ? refused() : enter(c, { accountId, ...session }, "/security");
});

function showRecovery(c: Context<PageEnv>, error?: string) {
  const form = beginAnonymousForm(c);
  return sendPage(
    c,
    <Page title="Get in again" narrow>
      <div class="head">
        <h1>All passkeys lost?</h1>
        <p class="lead">
          With the owner token and your paired PC you get in once more and add a new passkey. On the
          PC, run:
        </p>
      </div>
      <code class="copy">ibkr-sidecar recover</code>
      {error !== undefined && (
        <div class="note bad" role="alert" id="error">
          <p>{error}</p>
        </div>
      )}
      <form class="card" method="post" action="/sign-in/recover">
        <input type="hidden" name="form" value={form} />
        <label class="field">
          Owner token
          <input type="password" name="token" required autocomplete="off" spellcheck={false} />
        </label>
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
          <span class="hint">Leave it empty if no PC was ever paired.</span>
        </label>
        <div class="actions">
          <button type="submit">Sign in</button>
        </div>
      </form>
      <p class="small">
        <a href="/sign-in">Back to sign-in</a>
      </p>
    </Page>,
    error === undefined ? {} : { status: 403 },
  );
}
