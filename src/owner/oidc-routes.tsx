import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { type Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { encode } from "jose/base64url";
import * as z from "zod";
import { accountExists, operatorAccount } from "../../durable-objects/d1/tables/accounts.ts";
import { accountOfIdentity } from "../../durable-objects/d1/tables/joint/identity-accounts.ts";
import { browserLabel } from "../web/browser-label.ts";
import { accountObject } from "../web/env.ts";
import { OIDC_SIGN_IN_SECONDS } from "../web/limits.ts";
import { log } from "../web/log.ts";
import type { Oidc } from "../web/oidc.ts";
import { Message, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { returnPath } from "../web/return-path.ts";
import { sameSecret } from "../web/same-secret.ts";
import { sourceOf } from "../web/source-address.ts";
import { enter, tooMany } from "./sign-in.tsx";

/**
 * Owner sign-in by the deployment's OpenID provider. What is needed to come back stands in a signed
 * cookie of this browser; the account's object takes the state once.
 */
export const oidcRoutes = new Hono<PageEnv>();

const COOKIE = "ibkr-oidc";
const CALLBACK = "/sign-in/oidc/callback";

const Transaction = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  next: z.string(),
  ends: z.number(),
});

oidcRoutes.get("/sign-in/oidc", async (c) => {
  const oidc = c.get("oidc");
  const key = c.env.EDGE_IDENTITY_KEY ?? "";
  if (oidc === null || key === "") return c.notFound();
  const { success } = await c.env.SIGN_IN_LIMIT.limit({ key: sourceOf(c.req.raw) });
  if (!success) return tooMany(c, 60);
  const { loopback, publicOrigin } = c.get("settings");
  const transaction = {
    state: random(),
    nonce: random(),
    verifier: random(),
    next: returnPath(c.req.query("next"), publicOrigin),
    ends: Date.now() + OIDC_SIGN_IN_SECONDS * 1000,
  };
  let location: string;
  try {
    location = await oidc.client.authorizationUrl(transaction, publicOrigin + CALLBACK);
  } catch (error) {
    return failed(c, error);
  }
  setCookie(c, COOKIE, seal(key, JSON.stringify(transaction)), {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    maxAge: OIDC_SIGN_IN_SECONDS,
    ...(loopback ? {} : { prefix: "host", secure: true }),
  });
  return c.redirect(location, 303);
});

oidcRoutes.get("/sign-in/oidc/callback", async (c) => {
  const oidc = c.get("oidc");
  const key = c.env.EDGE_IDENTITY_KEY ?? "";
  if (oidc === null || key === "") return c.notFound();
  const { loopback, publicOrigin } = c.get("settings");
  const sealed = getCookie(c, COOKIE, loopback ? undefined : "host");
  deleteCookie(c, loopback ? COOKIE : `__Host-${COOKIE}`, { path: "/", secure: !loopback });

  const transaction = sealed === undefined ? null : unseal(key, sealed, Date.now());
  const state = c.req.query("state") ?? "";
  const code = c.req.query("code");
  if (transaction === null || !sameSecret(transaction.state, state)) return notHere(c);
  if (code === undefined) return failed(c, new Error("the provider answered without a code"));
  let subject: string;
  try {
    const answer = { code, iss: c.req.query("iss") ?? null };
    subject = await oidc.client.redeem(answer, transaction, publicOrigin + CALLBACK);
  } catch (error) {
    return failed(c, error);
  }
  const accountId = await accountFor(c, oidc, subject);
  if (accountId === null) return stranger(c);
  const session = await accountObject(c.env, accountId).gateway.openOwnerSession(
    {
      source: sourceOf(c.req.raw),
      label: browserLabel(c.req.header("User-Agent")),
      method: "oidc",
      once: sha256Hex(`oidc-state\n${transaction.state}`),
    },
    c.get("requestId"),
  );
  if (session === null) return notHere(c);
  return enter(c, { accountId, ...session }, returnPath(transaction.next, publicOrigin));
});

/** The account that the configuration gives a subject; null for whoever it does not name. */
async function accountFor(
  c: Context<PageEnv>,
  { settings }: Oidc,
  subject: string,
): Promise<string | null> {
  if (!Object.hasOwn(settings.subjects, subject)) return null;
  const whose = settings.subjects[subject];
  const now = new Date();
  if (whose === "operator") return operatorAccount(c.env.DB, now);
  if (whose === "new") {
    return accountOfIdentity(c.env.DB, { issuer: settings.issuer, subject }, now);
  }
  return whose !== undefined && (await accountExists(c.env.DB, whose)) ? whose : null;
}

function random(): string {
  return encode(crypto.getRandomValues(new Uint8Array(32)));
}

function seal(key: string, text: string): string {
  const body = encode(text);
  return `${body}.${tag(key, body)}`;
}

function unseal(key: string, sealed: string, nowMs: number) {
  const [body = "", given = "", ...rest] = sealed.split(".");
  if (rest.length > 0 || !sameSecret(given, tag(key, body))) return null;
  const parsed = Transaction.safeParse(
    JSON.parse(atob(body.replaceAll("-", "+").replaceAll("_", "/"))),
  );
  return parsed.success && parsed.data.ends > nowMs ? parsed.data : null;
}

function tag(key: string, body: string): string {
  return encode(hmac(sha256, utf8ToBytes(key), utf8ToBytes(`ibkr-oidc-cookie/v1\n${body}`)));
}

function failed(c: Context<PageEnv>, error: unknown) {
  log("warn", "oidc.failed", {
    request_id: c.get("requestId"),
    error: error instanceof Error ? error.name : typeof error,
    detail: error instanceof Error ? error.message.slice(0, 200) : "",
  });
  return sendPage(
    c,
    <Message title="Signing in did not work" back={{ href: "/sign-in", label: "Back to sign-in" }}>
      <p>The identity provider could not be asked, or its answer was not valid.</p>
    </Message>,
    { status: 502 },
  );
}

function notHere(c: Context<PageEnv>) {
  return sendPage(
    c,
    <Message title="This sign-in has ended" back={{ href: "/sign-in", label: "Back to sign-in" }}>
      <p>It was not begun in this browser, took too long, or was finished before.</p>
    </Message>,
    { status: 403 },
  );
}

function stranger(c: Context<PageEnv>) {
  return sendPage(
    c,
    <Message title="You have no account here" back={{ href: "/sign-in", label: "Back to sign-in" }}>
      <p>The identity provider knows you, but this gateway was not told to let you in.</p>
    </Message>,
    { status: 403 },
  );
}
