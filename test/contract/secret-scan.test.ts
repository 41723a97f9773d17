import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { freePort } from "../../scripts/lib/ports.ts";
import { ownerOf } from "../support/access.ts";
import { startGateway } from "../support/gateway.ts";
import { connect, tokenRequest } from "../support/oauth-client.ts";

/** The scan runs at the end of every contract test; here it is shown that it finds what it looks for. */
describe("N58: the scan for secrets", () => {
  it("finds them in logs, in D1 and in answers, whole or by their form", async () => {
    const gateway = await startGateway();
    const db = await gateway.d1();
    const plant = (note: string) =>
      db
        .prepare(
          "INSERT INTO invitations (code_hash, note, created_at, expires_at) VALUES (?, ?, '', '')",
        )
        .bind(crypto.randomUUID(), note)
        .run();
    const grant = `acct_${"a".repeat(26)}:${"g".repeat(16)}:${"s".repeat(32)}`;
    await plant(`token ${gateway.secrets.OWNER_TOKEN}`);
    await plant(grant);
    await plant("DU1234567");
    gateway.logs.push({ level: "info", message: `{"authorization":"Bearer ${grant}"}` });
    gateway.logs.push({ level: "info", message: `acct_${"a".repeat(26)}.${"c".repeat(43)}` });
    const { d } = JSON.parse(gateway.secrets.EDGE_IDENTITY_KEY) as { d: string };
    const port = await freePort();
    const echo = createServer((_, response) => response.end(`key ${d}`)).listen(port, "127.0.0.1");
    await (await fetch(`http://127.0.0.1:${port}/echo`)).text();
    echo.close();

    const error: unknown = await gateway.close().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    const found = String(error);
    for (const leak of [
      "OWNER_TOKEN in D1's invitations",
      "an OAuth code or token in D1's invitations",
      "a broker account in D1's invitations",
      "an OAuth code or token in the log",
      "a session cookie in the log",
      "EDGE_IDENTITY_KEY in the answer of /echo",
    ]) {
      expect(found).toContain(leak);
    }
  });

  it("finds nothing after everything that can go wrong with a token has gone wrong", async () => {
    const gateway = await startGateway({ rateLimits: { REFUSED_LIMIT: 1000 } });
    const owner = await ownerOf(gateway);
    const { tokens, clientId } = await connect(owner, { scope: "ibkr:health:read" });
    for (const token of [
      tokens.access_token,
      `${tokens.access_token}x`,
      tokens.refresh_token ?? "",
    ]) {
      for (const body of ["", "{", '{"jsonrpc":"2.0","id":1,"method":"nothing"}']) {
        await fetch(`${gateway.url}/mcp?token=${token}`, {
          method: "POST",
          headers: {
            Authorization: `Bearer ${token}`,
            Cookie: `x=${token}`,
            "Content-Type": "application/json",
          },
          body: body.replace("nothing", token),
        });
      }
      await tokenRequest(gateway.url, { grant_type: token, code: token, client_id: clientId });
      await tokenRequest(gateway.url, {
        grant_type: "refresh_token",
        refresh_token: token,
        client_id: token,
      });
      await fetch(`${gateway.url}/authorize?client_id=${token}`);
    }
    expect(gateway.logs.length).toBeGreaterThan(10);
    for (const { message } of gateway.logs) expect(message).not.toContain("?token=");
    await gateway.close();
  });
});
