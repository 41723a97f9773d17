import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountOf, callMcp, clientOf, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { legacy, modern } from "../support/mcp.ts";
import {
  type Browser,
  connect,
  type OAuthConnection,
  registerClient,
  tokenRequest,
} from "../support/oauth-client.ts";

let gateway: Gateway;
let owner: Browser;
beforeAll(async () => {
  gateway = await startGateway({
    rateLimits: { SIGN_IN_LIMIT: 1000, REFUSED_LIMIT: 10_000, REGISTER_LIMIT: 1000 },
  });
  owner = await ownerOf(gateway);
});
afterAll(() => gateway.close());

const READ = "ibkr:health:read ibkr:accounts:read";

// biome-ignore lint/suspicious/noExplicitAny: an answer whose form is what is tested
async function json(response: Response): Promise<any> {
  return response.json();
}

function refresh(
  connection: OAuthConnection,
  token: string | undefined = connection.tokens.refresh_token,
  more: Record<string, string> = {},
): Promise<Response> {
  return tokenRequest(gateway.url, {
    grant_type: "refresh_token",
    refresh_token: token ?? "",
    client_id: connection.clientId,
    ...more,
  });
}

const works = async (token: string) =>
  (await callMcp(gateway, { Authorization: `Bearer ${token}` })).status;

describe("refresh", () => {
  it("N23: works without resource and scope, rotates, and leaves one step back for a lost answer", async () => {
    const connection = await connect(owner, { scope: READ });
    const first = connection.tokens.refresh_token;
    const second = await json(await refresh(connection));
    expect(second.scope).toBe(READ);
    expect(second.refresh_token).not.toBe(first);
    expect(await works(second.access_token)).toBe(200);

    // The answer was lost: the old one again, as long as the new one was not used.
    const again = await json(await refresh(connection, first));
    expect(await works(again.access_token)).toBe(200);
    const third = await json(await refresh(connection, again.refresh_token));

    // Now the first is two steps back: somebody replays it, so the whole grant goes.
    const replay = await refresh(connection, first);
    expect([replay.status, await json(replay)]).toMatchObject([400, { error: "invalid_grant" }]);
    expect((await refresh(connection, third.refresh_token)).status).toBe(400);
    expect(await works(third.access_token)).toBe(401);
    // The owner did nothing; the log says who did.
    const [revoked] = await gateway.sql(
      "Account",
      accountOf(owner),
      `SELECT json_extract(event, '$.who.kind') AS kind, json_extract(event, '$.meta.reason') AS reason
       FROM audit_log WHERE json_extract(event, '$.type') = 'client.revoked'
       ORDER BY seq DESC LIMIT 1`,
    );
    expect(revoked).toEqual({ kind: "gateway", reason: "grant" });
  });

  it("N23: never widens; asks in parallel are answered within the window; another client gets nothing", async () => {
    const connection = await connect(owner, { scope: READ });
    // RFC 6749 §6: no scope that was not granted, also beside those that were.
    for (const more of ["ibkr:orders:live:submit", "ibkr:orders:read", "nonsense"]) {
      const wide = await refresh(connection, undefined, { scope: `${READ} ${more}` });
      expect([wide.status, await json(wide)]).toMatchObject([400, { error: "invalid_scope" }]);
      expect(wide.headers.get("Cache-Control")).toBe("no-store");
    }
    // The refusal used nothing up.
    const same = await refresh(connection, undefined, { scope: READ });
    expect((await json(same)).scope).toBe(READ);
    const foreign = await connect(owner, { scope: READ });
    const narrow = await refresh(foreign, undefined, { scope: "ibkr:health:read" });
    expect((await json(narrow)).scope).toBe("ibkr:health:read");
    const none = await refresh(foreign, undefined, { scope: "ibkr:orders:live:submit" });
    expect([none.status, await json(none)]).toMatchObject([400, { error: "invalid_scope" }]);

    const racing = await connect(owner, { scope: READ });
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(racing)));
    for (const answer of answers) expect([200, 400]).toContain(answer.status);
    expect(answers.some((answer) => answer.status === 200)).toBe(true);

    const stolen = await connect(owner, { scope: READ });
    const thief = await registerClient(gateway.url);
    const answer = await refresh({ ...stolen, clientId: thief.client_id });
    expect([answer.status, await json(answer)]).toMatchObject([400, { error: "invalid_grant" }]);
    expect((await refresh(stolen)).status).toBe(200);
  });

  it("narrows with what the owner left, and refuses when nothing is left", async () => {
    const connection = await connect(owner, { scope: READ });
    const [account = ""] = connection.tokens.access_token.split(":");
    const leave = (scopes: string[]) =>
      gateway.sql(
        "Account",
        account,
        "UPDATE clients SET scopes = ? WHERE client_id = ?",
        JSON.stringify(scopes),
        connection.clientId,
      );
    await leave(["ibkr:health:read"]);
    const narrowed = await json(await refresh(connection));
    expect(narrowed.scope).toBe("ibkr:health:read");
    await leave([]);
    const empty = await refresh(connection, narrowed.refresh_token);
    expect([empty.status, await json(empty)]).toMatchObject([400, { error: "invalid_scope" }]);
  });
});

describe("the token endpoint", () => {
  it("N24: an access token refreshes nothing, a refresh token calls nothing", async () => {
    const { tokens, ...connection } = await connect(owner, { scope: READ });
    expect(await works(tokens.refresh_token ?? "")).toBe(401);
    const answer = await refresh({ ...connection, tokens }, tokens.access_token);
    expect([answer.status, await json(answer)]).toMatchObject([400, { error: "invalid_grant" }]);
  });

  it("N25: takes one well-formed form and nothing else; no answer is kept or shows our insides", async () => {
    const client = await registerClient(gateway.url, {
      token_endpoint_auth_method: "client_secret_post",
    });
    const form = {
      grant_type: "authorization_code",
      code: "x",
      client_id: client.client_id,
      client_secret: client.client_secret ?? "",
    };
    const send = (init: RequestInit) => fetch(`${gateway.url}/token`, { method: "POST", ...init });
    const doubled = new URLSearchParams(form);
    doubled.append("grant_type", "authorization_code");
    const twice = new URLSearchParams(form);
    twice.append("code", "y");
    const multipart = new FormData();
    for (const [name, value] of Object.entries(form)) multipart.append(name, value);
    const answers = await Promise.all([
      send({ method: "GET" }),
      send({ body: JSON.stringify(form), headers: { "Content-Type": "application/json" } }),
      send({ body: multipart }),
      send({ body: doubled }),
      send({ body: twice }),
      send({ body: new URLSearchParams(form), headers: { Authorization: `Basic ${btoa("a:b")}` } }),
      ...["password", "implicit", "client_credentials", "unknown", ""].map((grant_type) =>
        send({ body: new URLSearchParams({ ...form, grant_type, username: "a", password: "b" }) }),
      ),
      send({ body: new URLSearchParams() }),
      send({ body: new URLSearchParams({ ...form, client_secret: "wrong" }) }),
      send({ body: new URLSearchParams({ ...form, client_id: "c".repeat(9000) }) }),
      send({
        body: new URLSearchParams({ ...form, code: `${"u".repeat(4000)}:${"g".repeat(16)}:s` }),
      }),
      send({ body: new URLSearchParams({ ...form, code: "z".repeat(40_000) }) }),
      send({
        body: new Uint8Array([0xff, 0xfe, 0x00]),
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
      }),
    ]);
    for (const [index, answer] of answers.entries()) {
      expect([index, answer.status >= 400 && answer.status < 500]).toEqual([index, true]);
      expect([index, answer.headers.get("Cache-Control")]).toEqual([index, "no-store"]);
      expect(await answer.text()).not.toMatch(/\bat \w+ \(|\.js:\d|\.ts:\d|Error:/);
    }
  });

  it("answers a token with no-store, and says what it is for", async () => {
    const connection = await connect(owner, { scope: READ });
    const answer = await refresh(connection);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(await json(answer)).toMatchObject({
      token_type: "bearer",
      expires_in: 3600,
      resource: `${gateway.url}/mcp`,
    });
  });
});

describe("limits", () => {
  it("N26: an address that guesses is told to wait; whoever comes with the right thing is not", async () => {
    const limited = await startGateway({
      rateLimits: { SIGN_IN_LIMIT: 1000, REFUSED_LIMIT: 20, REGISTER_LIMIT: 1000 },
    });
    try {
      const connection = await clientOf(limited, READ);
      const guess = () =>
        tokenRequest(limited.url, {
          grant_type: "authorization_code",
          code: `${crypto.randomUUID()}:x:y`,
          client_id: connection.clientId,
          code_verifier: "v".repeat(43),
        });
      const statuses: number[] = [];
      for (let i = 0; i < 30; i += 1) statuses.push((await guess()).status);
      expect(statuses.slice(0, 15)).toEqual(Array.from({ length: 15 }, () => 400));
      expect(statuses.at(-1)).toBe(429);
      expect((await guess()).headers.get("Retry-After")).toBe("60");

      const wrong = await fetch(`${limited.url}/mcp`, {
        method: "POST",
        headers: { Authorization: "Bearer guess" },
      });
      expect(wrong.status).toBe(429);
      const none = await fetch(`${limited.url}/mcp`, { method: "POST" });
      expect(none.status).toBe(401);

      const legitimate = await tokenRequest(limited.url, {
        grant_type: "refresh_token",
        refresh_token: connection.tokens.refresh_token ?? "",
        client_id: connection.clientId,
      });
      expect(legitimate.status).toBe(200);
      for (const path of [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource/mcp",
      ]) {
        const answers = await Promise.all(
          Array.from({ length: 100 }, () => fetch(`${limited.url}${path}`)),
        );
        expect(answers.every((answer) => answer.status === 200)).toBe(true);
      }
    } finally {
      await limited.close();
    }
  });

  it("N60: calls of a client and of an account are limited in the object, with the time to wait", async () => {
    const limited = await startGateway({
      rateLimits: { SIGN_IN_LIMIT: 1000 },
      vars: { CLIENT_CALLS_PER_MINUTE: "6", ACCOUNT_CALLS_PER_MINUTE: "15" },
    });
    try {
      const one = await clientOf(limited, READ);
      const two = await clientOf(limited, READ);
      const call = async (connection: OAuthConnection, send = modern) => {
        const to = { url: limited.url, token: connection.tokens.access_token };
        const answer = await send(to, "tools/call", { name: "ibkr_health", arguments: {} });
        return { ...answer, limited: answer.text.includes("RATE_LIMITED") };
      };
      const burst = await Promise.all(Array.from({ length: 12 }, () => call(one)));
      expect(burst.filter((answer) => !answer.limited)).toHaveLength(6);
      for (const { limited: refused, text, headers } of burst) {
        const seconds = /"retry_after_seconds":(\d+)/.exec(text)?.[1] ?? null;
        expect([refused, headers.get("Retry-After")]).toEqual([seconds !== null, seconds]);
        // Six a minute: one every ten seconds.
        if (seconds !== null) expect(Number(seconds)).toBeLessThanOrEqual(10);
      }
      // The older era is answered as a stream, whose headers are gone before the call is decided.
      const older = await call(one, legacy);
      expect(older.message?.result.structuredContent).toMatchObject({
        code: "RATE_LIMITED",
        retry_after_seconds: expect.any(Number),
      });
      // The account has fifteen, three of them for orders; the first client took six. Of the six that
      // are left the second takes no more than it leaves.
      const other = await Promise.all(Array.from({ length: 6 }, () => call(two)));
      const taken = other.filter((answer) => !answer.limited).length;
      // One more where a call came back meanwhile.
      expect([3, 4]).toContain(taken);
    } finally {
      await limited.close();
    }
  });
});
