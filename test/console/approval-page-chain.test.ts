import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseProofFile } from "@ibkr-edge-gateway/evidence/proof/proof-file.ts";
import { verifyProof } from "@ibkr-edge-gateway/evidence/proof/verify-proof.ts";
import {
  enrolmentCodeOf,
  enrolmentFragment,
  seedFromWords,
} from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import type { Browser as Chromium, Page } from "playwright-core";
import { renderUnicodeCompact } from "uqr";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { buildSecond, byOurClock } from "../second-evidence/second.ts";
import { CHROMIUM, launchChromium, NO_CHROMIUM, pageWithPasskeys } from "../support/chromium.ts";
import { type OrderChain, small, startOrderChain } from "../support/order-chain.ts";
import { staticHost } from "../support/page-host.ts";

/**
 * The owner's own page on a static host of its own, with every part real: a phone's browser, the
 * Worker in workerd, the relay, the paired sidecar with its terminal, the simulator.
 */
const ARTIFACTS = fromRoot("artifacts/console");
const PHONE = { width: 390, height: 844 };

if (CHROMIUM === null) console.log(NO_CHROMIUM);

describe.runIf(CHROMIUM !== null && process.platform === "linux")(
  "an order approved on the owner's own page",
  () => {
    let chain: OrderChain;
    let chromium: Chromium;
    let page: Page;
    let host: Awaited<ReturnType<typeof staticHost>>;
    let folder: string;
    let html = "";
    let market: number;
    let approvedHere: string;
    const complaints: string[] = [];
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    const heading = () => page.getByRole("heading", { level: 1 });
    const shoot = (name: string) =>
      page.screenshot({ path: `${ARTIFACTS}/own-page-chain-${name}.png` });
    const make = async (out: string) => {
      const made = await chain.pc("approver-page", "--out", join(folder, out), "--json");
      expect([made.code, made.output]).toEqual([0, expect.stringContaining("sha256")]);
      const { path, sha256 }: { path: string; sha256: string } = JSON.parse(made.output);
      return { text: await readFile(path, "utf8"), sha256 };
    };

    beforeAll(async () => {
      await mkdir(ARTIFACTS, { recursive: true });
      folder = await mkdtemp(join(tmpdir(), "ibkr-own-page-"));
      chain = await startOrderChain();
      host = await staticHost(() => html);
      chromium = await launchChromium();
      ({ page } = await pageWithPasskeys(await chromium.newContext({ viewport: PHONE })));
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        const expected = /status of [45]\d\d|net::ERR|CORS policy/;
        if (message.type() === "error" && !expected.test(message.text())) {
          complaints.push(message.text());
        }
      });
      const probe = await chain.agent.call(
        "ibkr_order_preview",
        small(chain.broker, { limit_price: "1" }),
      );
      const { bid, last, prior_close } = probe.preview.market;
      market = Number(bid ?? last ?? prior_close);
    }, 240_000);
    afterAll(async () => {
      await chromium?.close();
      await host?.close();
      await chain?.close();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    it("is made by the PC to the same bytes in another folder, zone and umask", async () => {
      const zone = process.env.TZ;
      const first = await make("one");
      process.env.TZ = "Pacific/Auckland";
      const umask = process.umask(0o077);
      try {
        const second = await make("a folder/further down");
        expect(second.sha256).toBe(first.sha256);
        expect(second.text === first.text).toBe(true);
      } finally {
        process.umask(umask);
        if (zone === undefined) delete process.env.TZ;
        else process.env.TZ = zone;
      }
      expect(first.text).toContain(`connect-src ${chain.gateway.url};`);
      html = first.text;
    });

    it("is enrolled by the code on the PC's screen and six words that are compared there", async () => {
      const terminal = chain.atPc(
        ...["approvers", "enrol", "--page", `${host.url}/`, "--label", "my phone"],
      );
      try {
        await terminal.until("type these eight words");
        const words = /type these eight words:\s+((?:[a-z]+ ){7}[a-z]+)/.exec(terminal.said())?.[1];
        const seed = seedFromWords(words ?? "");
        if (seed === null) throw new Error(`no eight words: ${terminal.said()}`);
        await page.goto(linkOnScreen(seed, terminal.said()));
        await button("Make the passkey").click();
        await heading().getByText("Compare with your PC").waitFor();
        const onPage = (await page.locator("ol.words li").allTextContents()).join(" ");
        await terminal.until("Are these the words on the page?");
        expect(terminal.said()).toContain(onPage);
        await shoot("compare");
        terminal.type("y");
        await heading().getByText("Prove that the new passkey works").waitFor();
        await button("Use the passkey").click();
        await terminal.until("Enrolled.");
        expect(await terminal.ended).toBe(0);
        await heading().getByText("Nothing waits for you").waitFor();
      } finally {
        await terminal.kill();
      }
      const listed = await chain.pc("approvers");
      expect(listed.output).toContain("my phone");
      expect(complaints).toEqual([]);
    }, 90_000);

    it("is read, approved, sent and filled, with the PC's receipts for it", async () => {
      const { agent, broker } = chain;
      const before = chain.posts();
      const approval = await ask("own-page-1");
      await button("Approve").waitFor();
      expect(await heading().textContent()).toMatch(/^Buy 1 AAPL at \S+ USD or less, today only/);
      await shoot("order");
      await button("Approve").click();
      await page.getByText("What you said yes to").waitFor();
      await page.getByText("sent to the broker").waitFor({ timeout: 30_000 });
      expect(chain.posts() - before).toBe(1);
      const status = async () =>
        agent.call("ibkr_approval_status", {
          account_id: broker,
          approval_id: approval.approval_id,
        });
      const { order } = await status();
      approvedHere = order.order_ref ?? order.coid;
      chain.sim.control.fillOrder(Number(order.orders[0].order_id));
      await page.getByText(/^\d+ \w+ \d\d:\d\d: filled$/).waitFor({ timeout: 30_000 });
      await shoot("filled");
      await expect
        .poll(async () => (await status()).order.state, { timeout: 15_000 })
        .toBe("filled");
      expect(complaints).toEqual([]);
    }, 90_000);

    it("has a proof, in which the PC vouches for a passkey that the gateway does not know", async () => {
      const auditor = await chain.newAgent("Auditor", "ibkr:audit:export");
      const evidence = () => auditor.call("ibkr_order_evidence", { order_ref: approvedHere });
      await expect
        .poll(async () => (await evidence()).witnesses ?? 0, { timeout: 20_000 })
        .toBeGreaterThan(0);
      const { proof, trust_policy, trusted_keys } = await evidence();
      const { approver, pc_key, assertion } = JSON.parse(
        Buffer.from(parseProofFile(proof).extra ?? []).toString(),
      );
      expect(approver.body).toMatchObject({
        kind: "approver",
        credential_id: assertion.id,
        origins: [host.url],
        enrolled_via: "qr",
      });
      const known = await chain.gateway.sql(
        "Account",
        chain.accountId,
        "SELECT 1 FROM passkeys WHERE credential_id = ?",
        assertion.id,
      );
      expect(known).toEqual([]);
      const verdict = await verifyProof(proof, { policy: trust_policy, keys: `pc ${pc_key}\n` });
      expect([verdict.outcome, verdict.first]).toEqual(["verified", null]);
      const saying = (name: string) => verdict.checks.find((check) => check.name === name)?.says;
      expect(saying("statements")).toContain("vouches for the passkey");
      expect(saying("keys")).toBe("the PC is on your list, and it vouches for the passkey");
      // Without the PC's own word it is a passkey that nobody knows.
      const nobody = await verifyProof(proof, { policy: trust_policy, keys: "" });
      expect(nobody.first?.code).toBe("STATEMENT_KEY_UNKNOWN");
      const second = await buildSecond();
      if (second === null) return;
      const files = { proof, policy: trust_policy, keys: trusted_keys };
      const path = await second.put(new Map(Object.entries(files)));
      const with_ = ["--policy", join(path, "policy"), "--keys", join(path, "keys")];
      const found = await second.run("proof", join(path, "proof"), ...with_, ...byOurClock());
      expect(found).toMatchObject({ outcome: "verified", exitCode: 0 });
      await second.close();
    }, 90_000);

    it("is denied there, and nothing is sent", async () => {
      const before = chain.posts();
      const approval = await ask("own-page-2");
      await button("Deny").click();
      await heading().getByText("Nothing waits for you").waitFor();
      const { approval: after } = await chain.agent.call("ibkr_approval_status", {
        account_id: chain.broker,
        approval_id: approval.approval_id,
      });
      expect(after.state).toBe("denied");
      expect(chain.posts()).toBe(before);
    }, 60_000);

    it("lifts a kill switch that its owner asked about in the console", async () => {
      const everything = { scope: "gateway", subject: "" };
      await chain.form("/trading/kill", { ...everything, effect: "freeze" });
      expect(await chain.page("/trading/lift?scope=gateway&subject=")).toContain("on your own");
      const asked = await chain.form("/trading/lift/elsewhere", everything);
      expect(await asked.text()).toContain("It waits on your own page");
      await heading().getByText("Let all trading go on").waitFor();
      await shoot("lift");
      await button("Lift").click();
      await page.getByText("Let all trading go on").waitFor();
      await expect
        .poll(async () => (await chain.owner.get("/trading/lift?scope=gateway&subject=")).status)
        .toBe(303);
      expect(complaints).toEqual([]);
    }, 60_000);

    it("is answered to the page alone: no other origin, no other token, nothing without one", async () => {
      const url = `${chain.gateway.url}/approver/v1/pending?account=${chain.accountId}`;
      const token = await page.evaluate("JSON.parse(Object.values(localStorage)[0]).token");
      const headers = { Authorization: `Bearer ${token}`, Origin: host.url };
      const own = await fetch(url, { headers });
      expect([own.status, own.headers.get("access-control-allow-origin")]).toEqual([200, host.url]);
      expect(own.headers.get("vary")).toContain("Origin");
      expect(own.headers.get("set-cookie")).toBeNull();
      const other = await fetch(url, { headers: { ...headers, Origin: "https://evil.example" } });
      expect(other.headers.get("access-control-allow-origin")).toBeNull();
      const preflight = async (Origin: string) => {
        const asked = await fetch(url, {
          method: "OPTIONS",
          headers: { Origin, "Access-Control-Request-Method": "GET" },
        });
        return [asked.status, asked.headers.get("access-control-allow-origin")];
      };
      expect(await preflight(host.url)).toEqual([204, host.url]);
      // A preflight says nothing to anybody, of no account more than of another.
      expect(await preflight("https://evil.example")).toEqual([204, "https://evil.example"]);
      const without = async (Authorization?: string) =>
        (await fetch(url, { headers: Authorization === undefined ? {} : { Authorization } }))
          .status;
      expect(await without()).toBe(401);
      expect(await without(`Bearer ${"A".repeat(43)}`)).toBe(503);
      const stranger = url.replace(chain.accountId, `acct_${"0".repeat(26)}`);
      expect((await fetch(stranger, { headers })).status).toBe(503);
      const long = await fetch(url.replace("pending", "approvals"), {
        method: "POST",
        headers,
        body: "x".repeat(64 * 1024),
      });
      expect(long.status).toBe(400);
    });

    it("keeps quiet about a PC that is away, and goes on when it is back", async () => {
      // A stranger hears the same, after the same time, whether the PC is there or not.
      const inVain = async () => {
        const url = `${chain.gateway.url}/approver/v1/pending?account=${chain.accountId}`;
        const headers = { Authorization: `Bearer ${"B".repeat(43)}`, Origin: host.url };
        const before = performance.now();
        const answer = await fetch(url, { headers });
        const named = [...answer.headers.keys()].filter((name) => name !== "date").sort();
        const told = [answer.status, named, await answer.text()];
        return { told, tookMs: performance.now() - before };
      };
      const there = await inVain();
      await chain.stopPc();
      const away = await inVain();
      expect(away.told).toEqual(there.told);
      expect(Math.min(there.tookMs, away.tookMs)).toBeGreaterThan(1_900);
      await page.getByText(/Your PC is not connected|Nothing answers/).waitFor({ timeout: 30_000 });
      await shoot("away");
      await chain.startPc();
      await page.locator("#problem").waitFor({ state: "detached", timeout: 60_000 });
      await heading().getByText("Nothing waits for you").waitFor();
    }, 120_000);

    async function ask(key: string) {
      const { agent, broker } = chain;
      const { preview } = await agent.call(
        "ibkr_order_preview",
        small(broker, {
          limit_price: (Math.round(market * 98) / 100 - Number(key.at(-1)) / 100).toFixed(2),
        }),
      );
      expect([preview?.policy_failures, preview?.pc_refusals]).toEqual([[], []]);
      const { approval } = await agent.call("ibkr_approvals_create", {
        account_id: broker,
        preview_id: preview.preview_id,
        submit_on_approval: true,
        idempotency_key: key,
      });
      return approval;
    }

    /** What the QR on the screen says: the link whose drawing is the one that stands there. */
    function linkOnScreen(seed: Uint8Array, screen: string): string {
      const now = Math.floor(Date.now() / 1_000);
      for (let exp = now + 280; exp <= now + 301; exp += 1) {
        const link = `${host.url}/#${enrolmentFragment(enrolmentCodeOf(seed, exp))}`;
        const [, middle = ""] = renderUnicodeCompact(link).split("\n");
        if (screen.includes(middle)) return link;
      }
      throw new Error("the screen shows no code of these words");
    }
  },
);
