import { type Context, Hono } from "hono";
import { operatorAccount } from "../accounts/directory.ts";
import type { PageEnv } from "../console/context.ts";
import { Message, Page, sendPage } from "../console/page.tsx";
import { accountObject } from "../env.ts";
import { OWNER_TOKEN_MIN_CHARS } from "../limits.ts";
import { requestId } from "../request-id.ts";
import { sourceOf } from "./address.ts";
import { beginAnonymousForm, isAnonymousForm, readForm, sameSecret } from "./form.ts";
import { clearOwnerCookie, currentOwner, setOwnerCookie } from "./owner-session.ts";
import { isOwnerToken, ownerTokenState } from "./owner-token.ts";
import { returnPath } from "./return-path.ts";

/** The owner's way in and out. */
export const signInRoutes = new Hono<PageEnv>();

signInRoutes.get("/sign-in", async (c) => {
  const next = returnPath(c.req.query("next"), c.get("settings").publicOrigin);
  if ((await currentOwner(c)) !== null) return c.redirect(next, 303);
  return showSignIn(c, next);
});

signInRoutes.post("/sign-in", async (c) => {
  const form = await readForm(c);
  const next = returnPath(form?.get("next") ?? undefined, c.get("settings").publicOrigin);
  if (form === null || !isAnonymousForm(c, form)) {
    return showSignIn(c, next, { status: 403, error: "This form had expired. Please try again." });
  }
  if (ownerTokenState(c.env.OWNER_TOKEN) !== "ready") return showSignIn(c, next);

  const source = sourceOf(c.req.raw);
  const shield = await c.env.SIGN_IN_LIMIT.limit({ key: source });
  if (!shield.success) return tooMany(c, 60);
  const accountId = await operatorAccount(c.env.DB, new Date());
  const account = accountObject(c.env, accountId);
  const allowed = await account.signInAllowed(source);
  if (!allowed.ok) return tooMany(c, Math.ceil(allowed.retryAfterMs / 1000));

  const id = requestId(c.req.raw);
  if (!(await isOwnerToken(c.env.OWNER_TOKEN, form.get("token")?.trim() ?? ""))) {
    await account.signInFailed(id);
    return showSignIn(c, next, { status: 403, error: "That is not this gateway's owner token." });
  }
  const before = await currentOwner(c);
  const session = await account.openOwnerSession(source, id);
  if (before !== null) await before.account.closeOwnerSession(before.secret, id);
  setOwnerCookie(c, { accountId, ...session });
  return c.redirect(next, 303);
});

signInRoutes.post("/sign-out", async (c) => {
  const owner = await currentOwner(c);
  const form = await readForm(c);
  if (owner !== null) {
    if (form === null || !sameSecret(form.get("csrf") ?? "", owner.csrf)) {
      return c.redirect("/", 303);
    }
    await owner.account.closeOwnerSession(owner.secret, requestId(c.req.raw));
  }
  clearOwnerCookie(c);
  return c.redirect("/sign-in", 303);
});

function tooMany(c: Context<PageEnv>, retryAfterSeconds: number) {
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

function showSignIn(
  c: Context<PageEnv>,
  next: string,
  { status, error }: { status?: 403; error?: string } = {},
) {
  const state = ownerTokenState(c.env.OWNER_TOKEN);
  if (state !== "ready") return sendPage(c, <TokenMissing state={state} />, { status: 503 });
  const page = <SignIn form={beginAnonymousForm(c)} next={next} {...(error ? { error } : {})} />;
  return sendPage(c, page, status === undefined ? {} : { status });
}

function SignIn({ form, next, error }: { form: string; next: string; error?: string }) {
  const invalid = error === undefined ? {} : { "aria-invalid": true, "aria-describedby": "error" };
  return (
    <Page title="Sign in" narrow>
      <div class="head">
        <h1>Sign in as the owner</h1>
        <p class="lead">
          {next.startsWith("/authorize")
            ? "An app asks for access to this gateway. Sign in first, then decide what it may do."
            : "Pair your PC, see what agents did, and decide who may connect."}
        </p>
      </div>
      {error && (
        <div class="note bad" role="alert" id="error">
          <p>{error}</p>
        </div>
      )}
      <form class="card" method="post" action="/sign-in">
        <input type="hidden" name="form" value={form} />
        <input type="hidden" name="next" value={next} />
        {/* Lets a password manager file the token under a name. */}
        <input type="text" name="username" value="owner" autocomplete="username" hidden />
        <label class="field">
          Owner token
          <input
            type="password"
            name="token"
            required
            autofocus
            autocomplete="current-password"
            spellcheck={false}
            {...invalid}
          />
          <span class="hint">
            The <code>OWNER_TOKEN</code> of this gateway. A local gateway prints it when it starts.
          </span>
        </label>
        <div class="actions">
          <button type="submit">Sign in</button>
        </div>
      </form>
    </Page>
  );
}

function TokenMissing({ state }: { state: "missing" | "too_short" }) {
  return (
    <Page title="Set an owner token" narrow>
      <div class="head">
        <h1>{state === "missing" ? "No owner token is set" : "The owner token is too short"}</h1>
        <p class="lead">
          Nobody can sign in until this gateway has a token that cannot be guessed.
        </p>
      </div>
      <section class="card">
        <p>
          Set a random <code>OWNER_TOKEN</code> of at least {OWNER_TOKEN_MIN_CHARS} characters, then
          load this page again:
        </p>
        <code class="copy">openssl rand -base64 32 | npx wrangler secret put OWNER_TOKEN</code>
        <p class="soft small">
          For <code>wrangler dev</code>, put it into <code>.dev.vars</code>. <code>npm start</code>{" "}
          makes one by itself.
        </p>
      </section>
    </Page>
  );
}
