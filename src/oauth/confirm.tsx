import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import type { PageEnv } from "../console/context.ts";
import { ownerForm } from "../console/owner-form.ts";
import { Page, sendPage } from "../console/page.tsx";
import { PasskeyForm, useOptions } from "../console/passkey-form.tsx";
import { PasskeyAssertion, readPasskeyJson } from "../protocol/passkey.ts";
import { requestId } from "../request-id.ts";
import { type Owner, requireOwner } from "./owner-session.ts";
import { returnPath } from "./return-path.ts";

/**
 * "Is it really you?": a passkey confirms the session for a few minutes. What widens access asks
 * for it, so that a session cookie alone, however it was come by, cannot.
 */
export const confirmRoutes = new Hono<PageEnv>();

confirmRoutes.get("/confirm", requireOwner, async (c) => showConfirmation(c, c.req.query("next")));

confirmRoutes.post("/confirm", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  const next = form.get("next") ?? undefined;
  const assertion = readPasskeyJson(PasskeyAssertion, form.get("response") ?? "");
  const confirmed =
    assertion !== null &&
    (await owner.account.confirmSession(owner.secret, assertion, requestId(c.req.raw)));
  if (!confirmed) return showConfirmation(c, next, "That passkey did not confirm it. Try again.");
  return c.redirect(returnPath(next, c.get("settings").publicOrigin), 303);
});

/** Whether a passkey has to confirm this session before something widens access. */
export async function needsConfirmation({ session, account }: Owner): Promise<boolean> {
  if (session.confirmed || session.method === "recovery") return false;
  return (await account.signInSecurity()).passkeys.length > 0;
}

/** The confirmation page, which leads back to where a page was asked for. */
export function confirmPath(request: Request): string {
  const url = new URL(request.url);
  const back = request.method === "GET" ? url.pathname + url.search : "/";
  return `/confirm?next=${encodeURIComponent(back)}`;
}

/** Comes after `requireOwner`, on pages that lead to something a passkey has to confirm. */
export const requireConfirmation = createMiddleware<PageEnv>(async (c, next) => {
  if (await needsConfirmation(c.get("owner"))) return c.redirect(confirmPath(c.req.raw), 303);
  return next();
});

async function showConfirmation(
  c: Parameters<typeof requireOwner>[0],
  wanted: string | undefined,
  error?: string,
) {
  const owner = c.get("owner");
  const settings = c.get("settings");
  const next = returnPath(wanted, settings.publicOrigin);
  const ceremony = await owner.account.beginConfirmation(owner.secret);
  if (ceremony === null || ceremony.credentials.length === 0) return c.redirect(next, 303);
  return sendPage(
    c,
    <Page title="Confirm it is you" owner={owner} narrow script>
      <div class="head">
        <h1>Confirm that it is you</h1>
        <p class="lead">What comes next widens access, so it needs your passkey once more.</p>
      </div>
      {error !== undefined && (
        <div class="note bad" role="alert">
          <p>{error}</p>
        </div>
      )}
      <PasskeyForm
        action="/confirm"
        ceremony={useOptions(settings, ceremony)}
        fields={{ csrf: owner.session.csrf, next }}
        button="Use your passkey"
      >
        <p class="soft">It stays confirmed for five minutes.</p>
      </PasskeyForm>
    </Page>,
    { script: true, ...(error === undefined ? {} : { status: 403 }) },
  );
}
