import type { Context } from "hono";
import type { SignInSecurity } from "../../durable-objects/account/rpc/account-types.ts";
import { findOperator } from "../../durable-objects/d1/tables/accounts.ts";
import { accountObject } from "../web/env.ts";
import { beginAnonymousForm } from "../web/form.ts";
import { OWNER_TOKEN_MIN_CHARS } from "../web/limits.ts";
import { Page, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { PasskeyForm, useOptions } from "../web/passkey-form.tsx";
import { ownerTokenState } from "./owner-token.ts";
import { makeChallenge } from "./sign-in-challenge.ts";

/** The sign-in page, with the ways in that this deployment has. */
export async function showSignIn(
  c: Context<PageEnv>,
  next: string,
  { status, error }: { status?: 403; error?: string } = {},
): Promise<Response> {
  const state = ownerTokenState(c.env.OWNER_TOKEN);
  const key = c.env.EDGE_IDENTITY_KEY ?? "";
  if (state !== "ready") return sendPage(c, <TokenMissing state={state} />, { status: 503 });
  if (key === "") {
    const { publicOrigin } = c.get("settings");
    return sendPage(c, <IdentityMissing origin={publicOrigin} />, { status: 503 });
  }
  const { passkeys, tokenSignsIn } = await operatorSecurity(c);
  const oidc = c.get("oidc");
  const form = beginAnonymousForm(c);
  const challenge = makeChallenge(key, "sign-in", form, Date.now());
  const passkey = (
    <PasskeyForm
      action="/sign-in/passkey"
      ceremony={useOptions(c.get("settings"), { challenge, credentials: [] })}
      fields={{ form, next, challenge }}
      button="Sign in with a passkey"
    />
  );
  const page = (
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
      {passkeys.length > 0 && passkey}
      {tokenSignsIn && (
        <TokenForm
          form={form}
          next={next}
          invalid={error !== undefined}
          first={passkeys.length === 0}
        />
      )}
      {passkeys.length === 0 && (
        <details>
          <summary>Sign in with a passkey instead</summary>
          {passkey}
        </details>
      )}
      {oidc !== null && (
        <p>
          <a class="button quiet" href={`/sign-in/oidc?next=${encodeURIComponent(next)}`}>
            Sign in with {new URL(oidc.settings.issuer).host}
          </a>
        </p>
      )}
      {c.get("settings").signUp === "open" && (
        <p class="small">
          <a href="/sign-up">Open an account of your own</a>
        </p>
      )}
      {passkeys.length > 0 && (
        <p class="small">
          <a href="/sign-in/recover">All passkeys lost?</a>
        </p>
      )}
    </Page>
  );
  return sendPage(c, page, { script: true, ...(status === undefined ? {} : { status }) });
}

/** How the operator signs in; before there is an operator, by the token. */
async function operatorSecurity(c: Context<PageEnv>): Promise<SignInSecurity> {
  const operator = await findOperator(c.env.DB);
  if (operator === null) return { passkeys: [], tokenSignsIn: true };
  return accountObject(c.env, operator).gateway.signInSecurity();
}

function TokenForm(props: {
  form: string;
  next: string;
  invalid: boolean;
  /** The way in that is meant; else a passkey is, and this stands behind it. */
  first: boolean;
}) {
  const { form, next, invalid, first } = props;
  return (
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
          autofocus={first}
          autocomplete="current-password"
          spellcheck={false}
          {...(invalid ? { "aria-invalid": true, "aria-describedby": "error" } : {})}
        />
        <span class="hint">
          The <code>OWNER_TOKEN</code> of this gateway. A local gateway prints it when it starts.
        </span>
      </label>
      <div class="actions">
        <button type="submit" class={first ? "" : "quiet"}>
          Sign in
        </button>
      </div>
    </form>
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
          A Worker that you run on this machine reads it from <code>.dev.vars</code>; a local
          gateway makes one by itself.
        </p>
      </section>
    </Page>
  );
}

function IdentityMissing({ origin }: { origin: string }) {
  return (
    <Page title="Set the gateway's key" narrow>
      <div class="head">
        <h1>The gateway has no key of its own</h1>
        <p class="lead">
          Sidecars know a gateway by its key, and passkey sign-in relies on it as well.
        </p>
      </div>
      <section class="card">
        <p>
          This makes an <code>EDGE_IDENTITY_KEY</code> (an Ed25519 private key as JWK) and stores it
          as a secret of the Worker. Run it, then load this page again:
        </p>
        <code class="copy">{`npm run deploy -- --origin ${origin}`}</code>
      </section>
    </Page>
  );
}
