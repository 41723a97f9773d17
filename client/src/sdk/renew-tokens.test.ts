import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loginStore } from "./login-store.ts";
import { storedAccess } from "./stored-access.ts";

/** A gateway as far as tokens go, of which a test says what its token endpoint answers. */
let server: Server;
let folder: string;
let origin: string;
let answer: { status: number; body: object };
let asked: URLSearchParams[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ibkr-renewal-"));
  asked = [];
  server = createServer((request, response) => {
    const json = (status: number, body: object) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const { pathname } = new URL(request.url ?? "/", origin);
    if (pathname.startsWith("/.well-known/oauth-protected-resource")) {
      return json(200, { resource: `${origin}/mcp`, authorization_servers: [origin] });
    }
    if (pathname.startsWith("/.well-known/oauth-authorization-server")) {
      return json(200, {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        response_types_supported: ["code"],
      });
    }
    let form = "";
    request.on("data", (chunk: Buffer) => {
      form += chunk;
    });
    request.on("end", () => {
      asked.push(new URLSearchParams(form));
      json(answer.status, answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  origin = `http://127.0.0.1:${address.port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function expired(issuer = origin) {
  const store = loginStore(folder);
  const resource = `${origin}/mcp`;
  await store.change(resource, () => ({
    client: { client_id: "client-1" },
    tokens: {
      access_token: "old",
      refresh_token: "refresh-1",
      token_type: "bearer",
      scope: "ibkr:health:read",
      issuer,
    },
    access_expires_at: 1,
  }));
  return { store, resource, access: storedAccess({ store, resource }) };
}

describe("an expired login", () => {
  it("is renewed for this gateway, before a request is made with it", async () => {
    const { store, resource, access } = await expired();
    answer = {
      status: 200,
      body: {
        access_token: "new",
        refresh_token: "refresh-2",
        token_type: "bearer",
        expires_in: 60,
      },
    };
    const token = await access.provider.token();
    expect(token).toBe("new");
    expect(asked.map((form) => Object.fromEntries(form))).toEqual([
      expect.objectContaining({
        grant_type: "refresh_token",
        refresh_token: "refresh-1",
        client_id: "client-1",
        resource,
      }),
    ]);
    const { tokens } = await store.read(resource);
    expect(tokens).toMatchObject({ refresh_token: "refresh-2", scope: "ibkr:health:read" });
  });

  it("outlives a gateway that fails", async () => {
    const { store, resource, access } = await expired();
    answer = { status: 503, body: {} };
    await expect(access.provider.token()).rejects.toMatchObject({
      code: "GATEWAY_UNREACHABLE",
      retryable: true,
    });
    expect((await store.read(resource)).tokens?.refresh_token).toBe("refresh-1");
  });

  it("is over where the gateway says so, and is not tried again", async () => {
    const { store, resource, access } = await expired();
    answer = { status: 400, body: { error: "invalid_grant" } };
    await expect(access.provider.token()).rejects.toMatchObject({ code: "SIGN_IN_REQUIRED" });
    await expect(access.provider.token()).rejects.toMatchObject({ code: "SIGN_IN_REQUIRED" });
    expect(asked).toHaveLength(1);
    const login = await store.read(resource);
    expect([login.tokens, login.client?.client_id]).toEqual([null, "client-1"]);
  });

  it("of a client that the gateway has forgotten begins with another registration", async () => {
    const { store, resource, access } = await expired();
    answer = { status: 401, body: { error: "invalid_client" } };
    await expect(access.provider.token()).rejects.toMatchObject({ code: "SIGN_IN_REQUIRED" });
    expect((await store.read(resource)).client).toBeNull();
  });

  it("is not shown to another issuer than the one it came from", async () => {
    const { access } = await expired("https://elsewhere.example");
    await expect(access.provider.token()).rejects.toMatchObject({ code: "SIGN_IN_REQUIRED" });
    expect(asked).toEqual([]);
  });
});
