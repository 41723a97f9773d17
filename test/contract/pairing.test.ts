import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import { PairingOffer, PairingPoll } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Browser } from "../../scripts/lib/browser.ts";
import { confirmPairingAsOwner } from "../../scripts/lib/confirm-pairing.ts";
import { formFields } from "../../scripts/lib/html-forms.ts";
import { signIn } from "../../scripts/lib/oauth-client.ts";
import { accountOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { memoryDeviceKey } from "../support/relay/live-sidecar.ts";

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { RELAY_LIMIT: 100_000, SIGN_IN_LIMIT: 100_000 } });
}, 60_000);

afterAll(() => gateway.close());

const owner = () => ({ url: gateway.url, ownerToken: gateway.secrets.OWNER_TOKEN });

function request(change: object = {}): Promise<Response> {
  const body = JSON.stringify({
    device_public_key: memoryDeviceKey().publicKey,
    machine: "desk",
    version: "1",
    capabilities: ["broker.read", "events"],
    ...change,
  });
  return fetch(`${gateway.url}/pairing`, { method: "POST", body });
}

async function offer(change: object = {}): Promise<PairingOffer> {
  const response = await request(change);
  expect(response.status).toBe(201);
  return PairingOffer.parse(await response.json());
}

async function poll(token: string, method = "GET") {
  const response = await fetch(`${gateway.url}/pairing`, {
    method,
    headers: { Authorization: `Bearer ${token}` },
  });
  return response.status === 200 ? PairingPoll.parse(await response.json()) : response.status;
}

async function audit(type: string): Promise<number> {
  const browser = new Browser(gateway.url);
  await signIn(browser, gateway.secrets.OWNER_TOKEN);
  const [row] = await gateway.sql<{ n: number }>(
    "Account",
    accountOf(browser),
    "SELECT COUNT(*) AS n FROM audit_log WHERE json_extract(event, '$.type') = ?",
    type,
  );
  return row?.n ?? 0;
}

describe("pairing", () => {
  it("goes from pending to confirmed to collected, and shows the owner the key's own words", async () => {
    const key = memoryDeviceKey();
    const { user_code, poll_token, ...offered } = await offer({
      device_public_key: key.publicKey,
    });
    expect(user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(offered.verification_url).toBe(`${gateway.url}/pair`);
    expect(await poll(poll_token)).toEqual({ state: "pending" });
    const confirmed = await confirmPairingAsOwner(owner(), user_code);
    expect(confirmed.words).toEqual(fingerprintWords(key.publicKey));
    const answer = await poll(poll_token);
    expect(answer).toMatchObject({ state: "confirmed", capabilities: ["broker.read", "events"] });
    // The answer may have been lost on its way: asking again gives it again.
    expect(await poll(poll_token)).toEqual(answer);
    expect(await audit("sidecar.paired")).toBe(1);
  });

  it("a code is typed as a human types it", async () => {
    const { user_code } = await offer();
    const typed = ` ${user_code.toLowerCase().replace("-", " ")} `;
    await expect(confirmPairingAsOwner(owner(), typed)).resolves.toBeDefined();
  });

  it("a code works once", async () => {
    const { user_code } = await offer();
    await confirmPairingAsOwner(owner(), user_code);
    await expect(confirmPairingAsOwner(owner(), user_code)).rejects.toThrow(/used already/);
  });

  it("a pairing that was given up at the PC cannot be confirmed any more", async () => {
    const { user_code, poll_token } = await offer();
    expect(await poll(poll_token, "DELETE")).toBe(204);
    expect(await poll(poll_token)).toEqual({ state: "revoked" });
    await expect(confirmPairingAsOwner(owner(), user_code)).rejects.toThrow(
      /No pairing is waiting/,
    );
  });

  it("the same key paired again stays one sidecar", async () => {
    const { publicKey } = memoryDeviceKey();
    const ids = [];
    for (let n = 0; n < 2; n += 1) {
      const { user_code, poll_token } = await offer({ device_public_key: publicKey });
      await confirmPairingAsOwner(owner(), user_code);
      const answer = await poll(poll_token);
      ids.push(typeof answer === "object" && "sidecar_id" in answer ? answer.sidecar_id : "");
    }
    expect(ids[0]).toBe(ids[1]);
  });

  it("nobody collects it without the secret, and a guess learns nothing", async () => {
    const { user_code, poll_token } = await offer();
    await confirmPairingAsOwner(owner(), user_code);
    const [name = "", secret = ""] = poll_token.split(".");
    const wrong = `${name}.${secret.slice(0, -1)}${secret.endsWith("A") ? "B" : "A"}`;
    expect(await poll(wrong)).toEqual({ state: "expired" });
    expect(await poll(`${"A".repeat(43)}.${secret}`)).toEqual({ state: "expired" });
    expect(await poll("nonsense")).toBe(401);
  });

  it("a capability that the sidecar did not offer cannot be granted", async () => {
    const browser = new Browser(gateway.url);
    await signIn(browser, gateway.secrets.OWNER_TOKEN);
    const { user_code, poll_token } = await offer({ capabilities: ["broker.read"] });
    const { csrf = "" } = formFields(await (await browser.get("/pair")).text());
    const page = await (await browser.post("/pair", { csrf, code: user_code })).text();
    const fields = formFields(page.slice(page.indexOf("/pair/confirm")));
    const answer = await browser.post("/pair/confirm", [
      ["csrf", fields.csrf ?? ""],
      ["code", user_code],
      ["words", "same"],
      ["capability", "orders.live"],
    ]);
    expect(answer.status).toBe(400);
    expect(await poll(poll_token)).toEqual({ state: "pending" });
  });

  it.each([
    ["no JSON", "nonsense"],
    ["a key that is none", { device_public_key: "short" }],
    ["control characters in the machine's name", { machine: "a\u0007b" }],
    ["a name without end", { machine: "x".repeat(65) }],
    ["a capability nobody knows", { capabilities: ["root"] }],
    ["a field nobody asked for", { admin: true }],
  ])("%s is refused", async (_, change) => {
    const response =
      typeof change === "string"
        ? await fetch(`${gateway.url}/pairing`, { method: "POST", body: change })
        : await request(change);
    expect(response.status).toBe(400);
  });

  it("a body over 4 KiB is refused unread", async () => {
    expect((await request({ machine: "x".repeat(5_000) })).status).toBe(400);
  });

  it("five wrong codes end the guessing for ten minutes, and are audited", async () => {
    const browser = new Browser(gateway.url);
    await signIn(browser, gateway.secrets.OWNER_TOKEN);
    await gateway.sql("Account", accountOf(browser), "DELETE FROM pairing_tries");
    const before = await audit("sidecar.pairing_refused");
    const { user_code } = await offer();
    const wrong = user_code.replace(/^./, user_code.startsWith("B") ? "C" : "B");
    for (let n = 0; n < 5; n += 1) {
      await expect(confirmPairingAsOwner(owner(), wrong)).rejects.toThrow(/No pairing is waiting/);
    }
    await expect(confirmPairingAsOwner(owner(), user_code)).rejects.toThrow(/Five wrong codes/);
    expect(await audit("sidecar.pairing_refused")).toBe(before + 5);
  });
});
