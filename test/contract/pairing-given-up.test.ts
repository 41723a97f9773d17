import { PairingOffer, PairingPoll } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Browser } from "../../scripts/lib/browser.ts";
import { confirmPairingAsOwner } from "../../scripts/lib/confirm-pairing.ts";
import { formFields } from "../../scripts/lib/html-forms.ts";
import { signIn } from "../../scripts/lib/oauth-client.ts";
import { accountOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { memoryDeviceKey } from "../support/relay/live-sidecar.ts";

/** DELETE /pairing is sent by the PC, with its poll secret alone: what may it change at the account? */
let gateway: Gateway;
let browser: Browser;
beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { RELAY_LIMIT: 100_000, SIGN_IN_LIMIT: 100_000 } });
  browser = new Browser(gateway.url);
  await signIn(browser, gateway.secrets.OWNER_TOKEN);
}, 60_000);
afterAll(() => gateway.close());

const owner = () => ({ url: gateway.url, ownerToken: gateway.secrets.OWNER_TOKEN });
const LIVE = ["broker.read", "events", "orders.live"];

async function pair(publicKey: string, machine: string, capabilities: string[]) {
  const body = JSON.stringify({
    device_public_key: publicKey,
    machine,
    version: "1",
    capabilities,
  });
  const made = await fetch(`${gateway.url}/pairing`, { method: "POST", body });
  const { user_code, poll_token } = PairingOffer.parse(await made.json());
  await confirmPairingAsOwner(owner(), user_code, { everything: true });
  const headers = { Authorization: `Bearer ${poll_token}` };
  const collected = PairingPoll.parse(
    await (await fetch(`${gateway.url}/pairing`, { headers })).json(),
  );
  if (collected.state !== "confirmed") throw new Error("not confirmed");
  const giveUp = async () =>
    expect((await fetch(`${gateway.url}/pairing`, { method: "DELETE", headers })).status).toBe(204);
  return { id: collected.sidecar_id, giveUp };
}
const row = async (id: string) =>
  (
    await gateway.sql<{ state: string; capabilities: string }>(
      "Account",
      accountOf(browser),
      "SELECT state, capabilities FROM sidecars WHERE sidecar_id = ?",
      id,
    )
  )[0];
async function inUse(): Promise<string | undefined> {
  const [first] = await gateway.sql<{ machine: string }>(
    "Account",
    accountOf(browser),
    "SELECT machine FROM sidecars WHERE state = 'active' ORDER BY COALESCE(chosen_at, paired_at) DESC, sidecar_id DESC LIMIT 1",
  );
  return first?.machine;
}

describe("a pairing that the PC gives up after the fact", () => {
  it("does not let a PC back in that its owner revoked meanwhile", async () => {
    const { publicKey } = memoryDeviceKey();
    await pair(publicKey, "stolen", LIVE);
    const again = await pair(publicKey, "stolen", LIVE);
    const { csrf = "" } = formFields(await (await browser.get("/sidecars")).text());
    await browser.post("/sidecars/revoke", { csrf, sidecar_id: again.id });
    expect((await row(again.id))?.state).toBe("revoked");
    await again.giveUp();
    expect((await row(again.id))?.state).toBe("revoked");
  });

  it("does not give back a capability that its owner had just taken away", async () => {
    const { publicKey } = memoryDeviceKey();
    await pair(publicKey, "desk", LIVE);
    const again = await pair(publicKey, "desk", ["broker.read"]);
    expect((await row(again.id))?.capabilities).not.toContain("orders.live");
    await again.giveUp();
    expect((await row(again.id))?.capabilities).not.toContain("orders.live");
  });

  it("ends for good when this PC was not paired before, and is in the log as the PC's own act", async () => {
    const only = await pair(memoryDeviceKey().publicKey, "fresh", LIVE);
    await only.giveUp();
    expect((await row(only.id))?.state).toBe("revoked");
    const [said] = await gateway.sql<{ type: string; kind: string }>(
      "Account",
      accountOf(browser),
      `SELECT json_extract(event, '$.type') AS type, json_extract(event, '$.who.kind') AS kind
       FROM audit_log WHERE json_extract(event, '$.who.sidecar_id') = ? ORDER BY seq DESC LIMIT 1`,
      only.id,
    );
    expect(said).toEqual({ type: "sidecar.pairing_undone", kind: "sidecar" });
  });

  it("leaves the session with the PC that held it before", async () => {
    const standby = memoryDeviceKey().publicKey;
    await pair(standby, "standby", LIVE);
    await pair(memoryDeviceKey().publicKey, "first", LIVE);
    const again = await pair(standby, "standby", LIVE);
    await again.giveUp();
    expect(await inUse()).toBe("first");
  });
});
