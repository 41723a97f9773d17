import { PasskeyAssertion, readPasskeyJson } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { ownerForm } from "../web/owner-form.ts";
import { Message, Page, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { PasskeyForm, useOptions } from "../web/passkey-form.tsx";
import { returnPath } from "../web/return-path.ts";
import type { Owner } from "../web/signed-in-owner.ts";
import { requireOwner } from "./owner-session.ts";

/**
 * "Is it really you?": a passkey confirms the session for a few minutes. What widens access asks
 * for it, so that a session cookie alone, however it was come by, cannot. A form that was sent
 * before is kept meanwhile and carried out then, so that nobody has to press twice.
 */
export const confirmRoutes = new Hono<PageEnv>();

confirmRoutes.get("/confirm", requireOwner, async (c) =>
  showConfirmation(c, { next: c.req.query("next"), pending: c.req.query("pending") }),
);

confirmRoutes.post("/confirm", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  const next = form.get("next") ?? undefined;
  const pending = form.get("pending") ?? undefined;
  const assertion = readPasskeyJson(PasskeyAssertion, form.get("response") ?? "");
  const confirmed = assertion !== null && (await owner.account.security.confirmSession(assertion));
  if (!confirmed) {
    const error = "That passkey did not confirm it. Try again.";
    return showConfirmation(c, { next, pending, error });
  }
  const kept = pending === undefined ? null : await owner.account.security.takeForm(pending);
  if (kept !== null) return carryOut(c, kept);
  return c.redirect(returnPath(next, c.get("settings").publicOrigin), 303);
});

/** Whether a passkey has to confirm this session before something widens access. */
export async function needsConfirmation({ session, account }: Owner): Promise<boolean> {
  if (session.confirmed || session.method === "recovery") return false;
  return (await account.security.signInSecurity()).passkeys.length > 0;
}

/** The confirmation page, which leads back to where a page was asked for. */
export function confirmPath(request: Request): string {
  const url = new URL(request.url);
  const back = request.method === "GET" ? url.pathname + url.search : "/";
  return `/confirm?next=${encodeURIComponent(back)}`;
}

/** What a form gives and to which app, in the words of the page that has checked it. */
export interface AboutForm {
  app: string;
  access: string;
}

/** Kept beside the form's own fields, which no handler reads under these names. */
const APP = "confirm_app";
const ACCESS = "confirm_access";

/**
 * Keeps the owner's checked form until the passkey has confirmed the session, and leads to the page
 * that asks for it. `back` is where to go when the form was not kept or waited for too long;
 * `about` is shown beside the passkey.
 */
export async function confirmFirst(
  c: Context<PageEnv>,
  form: URLSearchParams,
  back: string,
  about?: AboutForm,
): Promise<Response> {
  const owner = c.get("owner");
  const fields = new URLSearchParams(form);
  fields.delete("csrf");
  for (const name of [APP, ACCESS]) fields.delete(name);
  if (about !== undefined) {
    fields.set(APP, about.app);
    fields.set(ACCESS, about.access);
  }
  const kept = { path: new URL(c.req.url).pathname, fields: fields.toString() };
  const id = await owner.account.security.keepForm(kept);
  const query = new URLSearchParams({ next: back, ...(id === null ? {} : { pending: id }) });
  return c.redirect(`/confirm?${query}`, 303);
}

/** Comes after `requireOwner`, on pages that lead to something a passkey has to confirm. */
export const requireConfirmation = createMiddleware<PageEnv>(async (c, next) => {
  if (!(await needsConfirmation(c.get("owner")))) return next();
  const form: URLSearchParams | undefined = c.get("form");
  if (form !== undefined && c.req.method === "POST") return confirmFirst(c, form, "/");
  return c.redirect(confirmPath(c.req.raw), 303);
});

/** The kept form as its owner sent it, to the handler it was for; nothing else can be in it. */
async function carryOut(
  c: Context<PageEnv>,
  { path, fields }: { path: string; fields: string },
): Promise<Response> {
  const body = new URLSearchParams(fields);
  body.set("csrf", c.get("owner").session.csrf);
  const headers = new Headers(c.req.raw.headers);
  headers.delete("Content-Length");
  headers.set("Content-Type", "application/x-www-form-urlencoded");
  const url = new URL(path, c.req.url);
  const done = await c.get("again")(new Request(url, { method: "POST", headers, body }));
  const location = done.headers.get("Location");
  if (location === null || new URL(location, url).origin === url.origin) return done;
  // A form of this page may lead nowhere but here; the browser goes on from a page of its own.
  const headersOn = new Headers(done.headers);
  headersOn.delete("Location");
  headersOn.set("Refresh", `0; url=${location}`);
  return sendPage(
    c,
    <Message title="Done" tone="ok" back={{ href: location, label: "Go on to the app" }}>
      <p>You are taken back to the app.</p>
    </Message>,
    { headers: headersOn },
  );
}

/** What is done after the passkey, by the path of the form that waits. */
const THEN: Readonly<Record<string, string>> = {
  "/audit/erase": "the private values of that entry are erased",
  "/authorize": "the app gets the access that you chose",
  "/clients/access": "the app may do what you chose",
  "/clients/change": "the app may do what you chose",
  "/clients/readmit": "the app is let in again",
  "/invitations": "the invitation is made",
  "/pair": "the pairing goes on",
  "/pair/confirm": "the PC is paired",
  "/security/passkeys/remove": "the passkey is removed",
  "/security/token-sign-in": "the owner token may sign in again",
  "/sidecars/choose": "the other PC takes over",
  "/trading/checklist": "the item is ticked",
  "/trading/switch": "orders are switched on",
};

async function showConfirmation(
  c: Context<PageEnv>,
  asked: { next: string | undefined; pending: string | undefined; error?: string },
) {
  const { pending, error } = asked;
  const owner = c.get("owner");
  const settings = c.get("settings");
  const next = returnPath(asked.next, settings.publicOrigin);
  const ceremony = await owner.account.security.beginConfirmation();
  if (ceremony === null || ceremony.credentials.length === 0) return c.redirect(next, 303);
  const waiting = pending === undefined ? null : await owner.account.security.pendingForm(pending);
  const path = waiting?.path ?? null;
  const about = new URLSearchParams(waiting?.fields);
  const then = path === null ? undefined : THEN[path];
  return sendPage(
    c,
    <Page title="Confirm it is you" owner={owner} narrow>
      <div class="head">
        <h1>Confirm that it is you</h1>
        <p class="lead">
          {then === undefined
            ? "What comes next widens access, so it needs your passkey once more."
            : `This widens access, so it needs your passkey once more. Then ${then}.`}
        </p>
        {about.has(APP) && (
          <p>
            App: <strong>{about.get(APP)}</strong>. Access: <strong>{about.get(ACCESS)}</strong>.
          </p>
        )}
      </div>
      {error !== undefined && (
        <div class="note bad" role="alert">
          <p>{error}</p>
        </div>
      )}
      <PasskeyForm
        action="/confirm"
        ceremony={useOptions(settings, ceremony)}
        fields={{
          csrf: owner.session.csrf,
          next,
          ...(path === null || pending === undefined ? {} : { pending }),
        }}
        button="Use your passkey"
      >
        <p class="soft">It stays confirmed for five minutes.</p>
      </PasskeyForm>
    </Page>,
    { script: true, ...(error === undefined ? {} : { status: 403 }) },
  );
}
