import { isAccountId } from "@ibkr-edge-gateway/protocol/account-id.ts";
import { APPROVER_LIMITS } from "@ibkr-edge-gateway/protocol/approval-page/approver-limits.ts";
import { sha256OfToken } from "@ibkr-edge-gateway/protocol/approval-page/page-token.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { type Context, Hono } from "hono";
import type { ApprovalPageCall } from "../../durable-objects/account/rpc/approval-page-types.ts";
import { accountObject, type Env } from "../web/env.ts";
import { limitRefused } from "../web/rate-limits.ts";
import { readBody } from "../web/read-body.ts";

type Asked = Context<{ Bindings: Env }>;

const BODY_DEADLINE_MS = 10_000;
const PREFLIGHT_SECONDS = 7_200;
/** When everybody whose token is not known is answered, counted from the question: longer than looking takes. */
const NO_PAGE_MS = 2_000;

/**
 * The three addresses of the owner's own approval page, which stands elsewhere: bytes for the PC and
 * from it. No cookie is read. Browsers of other origins than those that the PC named get no answer to
 * read; that is order in the house and no defence, since what is asked for proves itself.
 */
export const approvalPageRoutes = new Hono<{ Bindings: Env }>();

approvalPageRoutes.options("/approver/v1/*", (c) => {
  // Any page may ask; what it is answered tells it nothing until its token was found good.
  const headers = corsHeaders(c, "any");
  headers.set("Access-Control-Allow-Methods", "GET, POST");
  headers.set("Access-Control-Allow-Headers", "authorization, content-type");
  headers.set("Access-Control-Max-Age", String(PREFLIGHT_SECONDS));
  return new Response(null, { status: 204, headers });
});

approvalPageRoutes.get("/approver/v1/pending", (c) => answer(c, { ask: "pending" }));
approvalPageRoutes.get("/approver/v1/receipts", (c) => answer(c, { ask: "receipts" }));
approvalPageRoutes.post("/approver/v1/approvals", async (c) => {
  const body = await readBody(c.req.raw, {
    maxBytes: APPROVER_LIMITS.messageMaxBytes,
    deadlineMs: BODY_DEADLINE_MS,
  });
  const message = body.ok ? objectOf(body.text) : null;
  return answer(c, message === null ? null : { ask: "submit", message });
});

type What = { ask: "pending" | "receipts" } | { ask: "submit"; message: JsonObject };

async function answer(c: Asked, what: What | null): Promise<Response> {
  const response = await answered(c, what);
  return limitRefused(c.env.REFUSED_LIMIT, c.req.raw, response);
}

async function answered(c: Asked, what: What | null): Promise<Response> {
  const account = c.req.query("account") ?? "";
  const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(c.req.header("Authorization") ?? "")?.[1];
  const none = corsHeaders(c, "any");
  if (!isAccountId(account) || token === undefined) {
    return problem(none, 401, "unknown_page", "This page is not known here.");
  }
  if (what === null) return problem(none, 400, "invalid_request", "This is no message of a page.");
  const call: ApprovalPageCall = {
    tokenSha256: sha256OfToken(token),
    requestId: c.get("requestId"),
    ...what,
  };
  const askedAt = Date.now();
  const found = await accountObject(c.env, account).gateway.ownPage(call);
  const headers = corsHeaders(c, found.origins);
  switch (found.kind) {
    case "answer":
      return Response.json(found.body, { headers });
    case "no_page":
      // The same words after the same time, whether the PC is there or not.
      await new Promise((resolve) => setTimeout(resolve, NO_PAGE_MS - (Date.now() - askedAt)));
      return problem(
        none,
        503,
        "no_answer",
        "Your PC is not connected, or does not know this page. If this lasts while your PC runs, enrol the page anew there.",
      );
    case "too_many":
      headers.set("Retry-After", "60");
      return problem(headers, 429, "rate_limited", "Too many requests; wait a minute.");
    case "pc_away":
      return problem(headers, 503, "pc_away", "Your PC is not connected, or did not answer.");
  }
}

/** Exactly the page's own origin, where it is one that the PC named, or where nothing is told. */
function corsHeaders(c: Asked, origins: readonly string[] | "any"): Headers {
  const headers = new Headers({ Vary: "Origin", "Cache-Control": "no-store" });
  const origin = c.req.header("Origin");
  if (origin !== undefined && (origins === "any" || origins.includes(origin))) {
    headers.set("Access-Control-Allow-Origin", origin);
  }
  return headers;
}

function problem(headers: Headers, status: number, error: string, message: string): Response {
  return Response.json({ error, message }, { status, headers });
}

function objectOf(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
