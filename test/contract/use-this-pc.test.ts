import { randomUUID } from "node:crypto";
import { PairingOffer, PairingPoll, UseAnswer } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Browser } from "../../scripts/lib/browser.ts";
import { confirmPairingAsOwner } from "../../scripts/lib/confirm-pairing.ts";
import { formFields } from "../../scripts/lib/html-forms.ts";
import { signIn } from "../../scripts/lib/oauth-client.ts";
import type { DeviceKey } from "../../sidecar/src/trust/pc-keys/device-key.ts";
import { accountOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { memoryDeviceKey } from "../support/relay/live-sidecar.ts";

/** POST /use-this-pc is sent by a PC, proved by its device key alone: who may switch, and to what? */
let gateway: Gateway;
let browser: Browser;
beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { RELAY_LIMIT: 100_000, SIGN_IN_LIMIT: 100_000 } });
  browser = new Browser(gateway.url);
  await signIn(browser, gateway.secrets.OWNER_TOKEN);
}, 60_000);
afterAll(() => gateway.close());

interface Pc {
  key: DeviceKey;
  id: string;
}

async function pair(machine: string): Promise<Pc> {
  const key = memoryDeviceKey();
  const made = await fetch(`${gateway.url}/pairing`, {
    method: "POST",
    body: JSON.stringify({
      device_public_key: key.publicKey,
      machine,
      version: "1",
      capabilities: ["broker.read"],
    }),
  });
  const { user_code, poll_token } = PairingOffer.parse(await made.json());
  const owner = { url: gateway.url, ownerToken: gateway.secrets.OWNER_TOKEN };
  await confirmPairingAsOwner(owner, user_code, { everything: true });
  const headers = { Authorization: `Bearer ${poll_token}` };
  const collected = PairingPoll.parse(
    await (await fetch(`${gateway.url}/pairing`, { headers })).json(),
  );
  if (collected.state !== "confirmed") throw new Error("not confirmed");
  return { key, id: collected.sidecar_id };
}

const claims = (id: string, more: { audience?: string; nowMs?: number } = {}) => ({
  audience: gateway.url,
  subject: id,
  nowMs: Date.now(),
  jti: randomUUID(),
  ...more,
});

async function ask(id: string, token: string, account = accountOf(browser)) {
  const response = await fetch(`${gateway.url}/use-this-pc`, {
    method: "POST",
    body: JSON.stringify({ account_id: account, sidecar_id: id, token }),
  });
  return { status: response.status, body: await response.json() };
}

const use = async ({ key, id }: Pc) => ask(id, await key.useToken(claims(id)));

async function inUse(): Promise<string> {
  const page = await (await browser.get("/sidecars")).text();
  const cards = page.split('<section class="card">');
  const card = cards.find((one) => />In use/.test(one)) ?? "";
  return /<h2>([^<]*)<\/h2>/.exec(card)?.[1] ?? "";
}

async function chosenEvents(): Promise<unknown[]> {
  return gateway.sql(
    "Account",
    accountOf(browser),
    `SELECT event FROM audit_log WHERE json_extract(event, '$.type') = 'sidecar.chosen'`,
  );
}

describe("the PC that asks to be used", () => {
  it("replaces the one in use, whose name it hears, and is so already the second time", async () => {
    const desk = await pair("desk");
    const laptop = await pair("laptop");
    expect(await inUse()).toBe("laptop");
    const before = (await chosenEvents()).length;
    expect(await use(desk)).toEqual({ status: 200, body: { replaced: "laptop" } });
    expect(await inUse()).toBe("desk");
    expect(await use(desk)).toEqual({ status: 200, body: { replaced: null } });
    // What changed nothing is not an act of the owner's.
    expect((await chosenEvents()).length).toBe(before + 1);
    const answer = UseAnswer.parse((await use(laptop)).body);
    expect(answer.replaced).toBe("desk");
    expect(await inUse()).toBe("laptop");
  });

  it("proves itself anew each time, by a token for this and nothing else", async () => {
    const first = await pair("first");
    const second = await pair("second");
    const { key, id } = first;
    const once = await key.useToken(claims(id));
    expect((await ask(id, once)).status).toBe(200);
    await use(second);
    const bad = [
      ["the same token again", once],
      ["a token that opens a session", await key.openToken(claims(id))],
      ["a token for the recovery", await key.recoveryToken(claims(id))],
      [
        "for another gateway",
        await key.useToken(claims(id, { audience: "https://other.example" })),
      ],
      ["expired", await key.useToken(claims(id, { nowMs: Date.now() - 3_600_000 }))],
      ["another PC's", await second.key.useToken(claims(second.id))],
      ["another key, this name", await second.key.useToken(claims(id))],
      ["no token", "x"],
    ] as const;
    for (const [what, token] of bad) {
      expect([what, (await ask(id, token)).status]).toEqual([what, 401]);
    }
    expect(await inUse()).toBe("second");
  });

  it("is not taken when it was revoked, is another account's, or says nonsense", async () => {
    const revoked = await pair("revoked");
    await pair("stays");
    const { csrf = "" } = formFields(await (await browser.get("/sidecars")).text());
    await browser.post("/sidecars/revoke", { csrf, sidecar_id: revoked.id });
    expect((await use(revoked)).status).toBe(401);
    const { key, id } = revoked;
    const token = await key.useToken(claims(id));
    expect((await ask(id, token, `${accountOf(browser).slice(0, -1)}0`)).status).not.toBe(200);
    expect((await ask(id, token, "nobody")).status).toBe(400);
    const nonsense = await fetch(`${gateway.url}/use-this-pc`, { method: "POST", body: "{}" });
    expect(nonsense.status).toBe(400);
    expect(await inUse()).toBe("stays");
  });
});
