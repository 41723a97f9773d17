import { isAccountId } from "@ibkr-edge-gateway/protocol/account-id.ts";
import {
  PcArrivedRequest,
  PcExportRequest,
} from "@ibkr-edge-gateway/protocol/audit/export-query.ts";
import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import {
  PAIRING_BODY_MAX_BYTES,
  PAIRING_POLL_INTERVAL_MS,
} from "@ibkr-edge-gateway/protocol/limits.ts";
import { readEdgeIdentity } from "@ibkr-edge-gateway/protocol/relay/edge-identity.ts";
import {
  type LeaveAnswer,
  LeaveRequest,
  makeUserCode,
  type PairingOffer,
  type PairingPoll,
  PairingRequest,
  type RecoveryAnswer,
  RecoveryRequest,
  showUserCode,
  type UseAnswer,
  UseRequest,
} from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { type Context, Hono } from "hono";
import { randomToken } from "../../durable-objects/account/platform/random.ts";
import { findOperator } from "../../durable-objects/d1/tables/accounts.ts";
import { accountObject, type Env } from "../web/env.ts";
import { log } from "../web/log.ts";
import { undoPairing } from "./pairing.ts";

type Relay = Context<{ Bindings: Env }>;

const CODE_DRAWS_MAX = 4;

/** The sidecar's own entrance: pairing and the relay's WebSocket. */
export const relayRoutes = new Hono<{ Bindings: Env }>();

relayRoutes.use("/relay/*", limited);
relayRoutes.use("/pairing", limited);
relayRoutes.use("/recovery", limited);
relayRoutes.use("/use-this-pc", limited);
relayRoutes.use("/audit-export", limited);
relayRoutes.use("/leave", limited);

/**
 * The relay's WebSocket. The PC's key signs a token for the `Authorization` header, which the object
 * verifies; a browser, which would send its owner's cookies along, is not a sidecar.
 */
relayRoutes.get("/relay/:account", async (c) => {
  const account = c.req.param("account");
  if (!isAccountId(account)) return c.text("not found\n", 404);
  if (c.req.header("Origin") !== undefined) return c.text("not for browsers\n", 403);
  if (c.req.header("Upgrade")?.toLowerCase() !== "websocket") {
    return c.text("expected a WebSocket upgrade\n", 426);
  }
  return c.env.ACCOUNT.getByName(account).fetch(c.req.raw);
});

/** A sidecar asks for a code. */
relayRoutes.post("/pairing", async (c) => {
  const identity = readEdgeIdentity(c.env.EDGE_IDENTITY_KEY);
  if (identity === null) {
    log("error", "pairing.not_configured");
    return problem(c, 503, "not_configured", "EDGE_IDENTITY_KEY is missing or not valid.");
  }
  const request = PairingRequest.safeParse(await smallJson(c));
  if (!request.success) {
    return problem(c, 400, "invalid_request", "This is not a pairing request.");
  }
  const secret = randomToken();
  const bytes = crypto.getRandomValues(new Uint8Array(256));
  let used = 0;
  for (let draw = 0; draw < CODE_DRAWS_MAX; draw += 1) {
    const code = makeUserCode(() => bytes[used++ % bytes.length] ?? 0);
    const name = identity.pairingName(code);
    const begun = await c.env.PAIRING.getByName(name).begin(request.data, sha256Hex(secret));
    if (begun === null) continue;
    const offer: PairingOffer = {
      user_code: showUserCode(code),
      poll_token: `${name}.${secret}`,
      verification_url: `${c.env.PUBLIC_ORIGIN}/pair`,
      edge_identity_key: identity.publicKey,
      expires_at: new Date(begun.expiresAt).toISOString(),
      poll_interval_ms: PAIRING_POLL_INTERVAL_MS,
    };
    return c.json(offer, 201, { "Cache-Control": "no-store" });
  }
  return problem(c, 503, "try_again", "No free code was found. Try again.");
});

/** The sidecar collects the owner's answer; its secret travels in a header and never in an address. */
relayRoutes.get("/pairing", async (c) => {
  const poll = pollToken(c);
  if (poll === null) return problem(c, 401, "unauthorized", "The poll token is missing.");
  const answer = await c.env.PAIRING.getByName(poll.name).collect(poll.secret);
  const body: PairingPoll =
    answer.state === "confirmed"
      ? {
          state: "confirmed",
          account_id: answer.confirmed.accountId,
          sidecar_id: answer.confirmed.sidecarId,
          relay_url: relayUrl(c.env.PUBLIC_ORIGIN, answer.confirmed.accountId),
          capabilities: answer.confirmed.capabilities,
          approver: null,
        }
      : { state: answer.state };
  return c.json(body, 200, { "Cache-Control": "no-store" });
});

/** The sidecar does not want the pairing, before its owner confirmed it or after. */
relayRoutes.delete("/pairing", async (c) => {
  const poll = pollToken(c);
  if (poll === null) return problem(c, 401, "unauthorized", "The poll token is missing.");
  const confirmed = await c.env.PAIRING.getByName(poll.name).withdraw(poll.secret);
  if (confirmed !== null) await undoPairing(c.env, confirmed, c.get("requestId"));
  return c.body(null, 204);
});

/**
 * A paired PC stands by its owner who lost every passkey: proved by its device key, it gets a code
 * to show. The operator's opens nothing without the owner token; any other owner's is shown after a
 * day, in which it can be stopped.
 */
relayRoutes.post("/recovery", async (c) => {
  const request = RecoveryRequest.safeParse(await smallJson(c));
  if (!request.success || !isAccountId(request.data.account_id)) {
    return problem(c, 400, "invalid_request", "This is not a recovery request.");
  }
  const { account_id, sidecar_id, token } = request.data;
  const account = accountObject(c.env, account_id).gateway;
  const id = c.get("requestId");
  const member = (await findOperator(c.env.DB)) !== account_id;
  const step = member
    ? await account.beginMemberRecovery(sidecar_id, token, id)
    : opened(await account.beginRecovery(sidecar_id, token, id));
  if (step === null) return problem(c, 401, "unauthorized", "This sidecar is not paired here.");
  const headers = { "Cache-Control": "no-store" };
  if (step.state !== "open") {
    const waiting: RecoveryAnswer = { ready_at: new Date(step.readyAt).toISOString() };
    return c.json(waiting, 202, headers);
  }
  const shown: RecoveryAnswer = { code: showUserCode(step.code), needs_owner_token: !member };
  return c.json(shown, 201, headers);
});

/** The owner takes this PC into use at its own terminal, proved by its device key. */
relayRoutes.post("/use-this-pc", async (c) => {
  const request = UseRequest.safeParse(await smallJson(c));
  if (!request.success || !isAccountId(request.data.account_id)) {
    return problem(c, 400, "invalid_request", "This is not a request to use a PC.");
  }
  const { account_id, sidecar_id, token } = request.data;
  const account = accountObject(c.env, account_id).gateway;
  const used = await account.useThisSidecar(sidecar_id, token, c.get("requestId"));
  if (used === null) return problem(c, 401, "unauthorized", "This sidecar is not paired here.");
  const answer: UseAnswer = used;
  return c.json(answer, 200, { "Cache-Control": "no-store" });
});

/** The owner gives this PC's pairing up at its own terminal, proved by its device key. */
relayRoutes.post("/leave", async (c) => {
  const request = LeaveRequest.safeParse(await smallJson(c));
  if (!request.success || !isAccountId(request.data.account_id)) {
    return problem(c, 400, "invalid_request", "This is not a request to give a pairing up.");
  }
  const { account_id, sidecar_id, token } = request.data;
  const account = accountObject(c.env, account_id).gateway;
  const left = await account.leave(sidecar_id, token, c.get("requestId"));
  if (!left) return problem(c, 401, "unauthorized", "This sidecar is not paired here.");
  const answer: LeaveAnswer = { left };
  return c.json(answer, 200, { "Cache-Control": "no-store" });
});

/**
 * A part of the audit log for the owner at the PC's terminal, proved by its device key; and that PC's
 * word that parts arrived.
 */
relayRoutes.post("/audit-export", async (c) => {
  const said = await smallJson(c);
  const arrived = PcArrivedRequest.safeParse(said);
  if (arrived.success && isAccountId(arrived.data.account_id)) {
    const noted = await accountObject(c.env, arrived.data.account_id).gateway.auditArrived(
      arrived.data,
    );
    if (noted === null) return problem(c, 401, "unauthorized", "This sidecar is not paired here.");
    return c.json({ noted }, 200, { "Cache-Control": "no-store" });
  }
  const request = PcExportRequest.safeParse(said);
  if (!request.success || !isAccountId(request.data.account_id)) {
    return problem(c, 400, "invalid_request", "This is not a request for a part of the log.");
  }
  const account = accountObject(c.env, request.data.account_id).gateway;
  const answer = await account.auditExport(request.data, c.get("requestId"));
  if (answer === null) return problem(c, 401, "unauthorized", "This sidecar is not paired here.");
  const { part } = answer;
  if (part === null) {
    return problem(c, 404, "no_head", "The log has no signed head: is EVIDENCE_KEY set?");
  }
  return c.json(part, 200, { "Cache-Control": "no-store" });
});

function opened(code: string | null) {
  return code === null ? null : { state: "open" as const, code };
}

async function limited(c: Relay, next: () => Promise<void>): Promise<Response | undefined> {
  const address = c.req.header("CF-Connecting-IP") ?? "unknown";
  const { success } = await c.env.RELAY_LIMIT.limit({ key: address });
  if (!success) {
    c.header("Retry-After", "60");
    return problem(c, 429, "rate_limited", "Too many requests from this address.");
  }
  await next();
  return undefined;
}

function pollToken(c: Relay): { name: string; secret: string } | null {
  const found = /^Bearer ([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/.exec(
    c.req.header("Authorization") ?? "",
  );
  const [, name, secret] = found ?? [];
  return name === undefined || secret === undefined ? null : { name, secret };
}

async function smallJson(c: Relay): Promise<unknown> {
  const declared = Number(c.req.header("Content-Length") ?? Number.NaN);
  if (!(declared >= 0 && declared <= PAIRING_BODY_MAX_BYTES)) return undefined;
  try {
    return JSON.parse(await c.req.text());
  } catch {
    return undefined;
  }
}

function relayUrl(origin: string, account: string): string {
  return `${origin.replace(/^http/, "ws")}/relay/${account}`;
}

function problem(c: Relay, status: 400 | 401 | 404 | 429 | 503, error: string, message: string) {
  return c.json({ error, message }, status);
}
