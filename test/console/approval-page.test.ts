import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Unsigned } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import {
  enrolmentCodeOf,
  enrolmentFragment,
  enrolmentMacHolds,
  enrolmentWords,
} from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import type { Browser as Chromium, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { approverPageTemplate } from "../../scripts/lib/approval-page-build.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { fillPage } from "../../sidecar/src/approval-page-server/fill-page-file.ts";
import {
  anOrderBody,
  aReceiptBody,
  type SomePc,
  sealed,
  sealedReceipt,
  somePc,
  unsignedOfEach,
} from "../support/approver.ts";
import { CHROMIUM, launchChromium, NO_CHROMIUM, pageWithPasskeys } from "../support/chromium.ts";
import { aBracket, aTicket } from "../support/orders.ts";
import { scriptedEdge, staticHost } from "../support/page-host.ts";

// fixed dates: what waits is given times from now on; the other dates of a sample are only shown.

/** The owner's own page in a real browser, by itself: every state of it, on a phone. */
const ARTIFACTS = fromRoot("artifacts/console");
const PHONE = { width: 390, height: 844 };
const SEED = new Uint8Array(11).fill(5);

if (CHROMIUM === null) console.log(NO_CHROMIUM);

describe.runIf(CHROMIUM !== null)("the owner's own page in a real browser", () => {
  let chromium: Chromium;
  let page: Page;
  let pc: SomePc;
  let host: Awaited<ReturnType<typeof staticHost>>;
  let edge: Awaited<ReturnType<typeof scriptedEdge>>;
  let html = "";
  let axe = "";
  const complaints: string[] = [];

  const settings = () => ({
    v: 1 as const,
    edge: edge.url,
    gateway_account_id: "acc_7d3f",
    sidecar_id: "sc_home",
    pc_key: pc.key,
    pc_name: "study",
  });
  const soon = () => ({
    issued_at: new Date().toISOString(),
    not_after: new Date(Date.now() + 300_000).toISOString(),
  });
  let seq = 100;
  const offered = async (unsigned: Unsigned, over: object = {}) => {
    seq += 1;
    const body = { ...unsigned.body, ...soon(), pc_seq: seq, ...over };
    return sealed(Object.assign({}, unsigned, { body }), pc);
  };
  const order = (over: object = {}) => offered({ act: "order", body: anOrderBody() }, over);
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const heading = () => page.getByRole("heading", { level: 1 });
  const look = async (name: string) => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.screenshot({ path: `${ARTIFACTS}/own-page-${name}-${colorScheme}.png` });
      await page.evaluate(axe);
      const found: string[] = await page.evaluate(
        `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))`,
      );
      expect([name, colorScheme, found]).toEqual([name, colorScheme, []]);
    }
    const overflow = await page.evaluate(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    expect([name, overflow]).toEqual([name, 0]);
  };

  beforeAll(async () => {
    await mkdir(ARTIFACTS, { recursive: true });
    pc = await somePc();
    host = await staticHost(() => html);
    edge = await scriptedEdge(() => host.url);
    html = fillPage((await approverPageTemplate()).html, settings());
    axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    chromium = await launchChromium();
    const context = await chromium.newContext({ viewport: PHONE });
    ({ page } = await pageWithPasskeys(context));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !/status of [45]\d\d|net::ERR/.test(message.text())) {
        complaints.push(message.text());
      }
    });
  }, 60_000);
  afterAll(async () => {
    await chromium?.close();
    await host?.close();
    await edge?.close();
  });

  it("says how to enrol it, and begins by eight words where there is no camera", async () => {
    await page.goto(host.url);
    await heading().getByText("This page has no passkey yet").waitFor();
    await look("none");
    await page.getByLabel("Or type the eight words from its screen").fill("abandon ability");
    await button("Go on").click();
    await page.getByText("These are not the eight words").waitFor();
    await page
      .getByLabel("Or type the eight words from its screen")
      .fill(enrolmentWords(SEED).join(" "));
    await button("Go on").click();
    await button("Make the passkey").waitFor();
    await button("Not now").click();
    await heading().getByText("This page has no passkey yet").waitFor();
    expect(complaints).toEqual([]);
  });

  it("enrols by the code in its address, which is gone from it at once", async () => {
    const code = enrolmentCodeOf(SEED, Math.floor(Date.now() / 1_000) + 300);
    await page.goto("about:blank");
    await page.goto(`${host.url}/#${enrolmentFragment(code)}`);
    await button("Make the passkey").waitFor();
    expect(page.url()).toBe(`${host.url}/`);
    await look("enrol");
    await button("Make the passkey").click();
    await heading().getByText("Compare with your PC").waitFor();
    expect(await page.locator("ol.words li").count()).toBe(6);
    await look("compare");
    const message = edge.said.messages.at(-1);
    if (message?.kind !== "enrolment") throw new Error("no enrolment came");
    expect(enrolmentMacHolds(code.secret, message)).toBe(true);
    expect(message).toMatchObject({ rp_id: "localhost", origin: host.url });
    const probe = await offered({
      act: "probe",
      body: { ...anyProbe(), credential_id: message.registration.id },
    });
    edge.said.envelopes = [probe];
    await heading().getByText("Prove that the new passkey works").waitFor();
    await look("probe");
    edge.said.envelopes = [];
    await button("Use the passkey").click();
    await heading().getByText("Nothing waits for you").waitFor();
    await look("idle");
    expect(complaints).toEqual([]);
  });

  it("shows an order whole on one screen of a phone, and sends what the passkey signed", async () => {
    edge.said.envelopes = [await order()];
    await button("Approve").waitFor();
    expect(await heading().textContent()).toBe("Buy 1 AAPL at 187.25 USD or less, today only");
    await look("order");
    for (const name of ["Approve", "Deny"]) {
      const box = await button(name).boundingBox();
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(PHONE.height);
      expect(box?.y).toBeGreaterThan(PHONE.height * 0.7);
      expect(box?.height).toBeGreaterThanOrEqual(44);
    }
    const words = await page.locator("section.card dl").boundingBox();
    const bar = await page.locator("footer").boundingBox();
    expect((words?.y ?? 0) + (words?.height ?? 0)).toBeLessThanOrEqual(bar?.y ?? 0);
    expect(await page.getByRole("timer").textContent()).toMatch(/^[45] min \d\d s left$/);
    edge.said.submitted = async (message) => {
      if (message.kind !== "approval") throw new Error("no approval came");
      return {
        v: 1,
        accepted: true,
        refusals: [],
        receipt: await receiptFor(message.ticket_sha256, "sent"),
      };
    };
    await button("Approve").click();
    await page.getByText("What you said yes to").waitFor();
    await page.getByText("sent to the broker").waitFor();
    await look("receipts");
    edge.said.receipts = [await receiptFor(lastTicket(), "filled")];
    await page.getByText("filled", { exact: false }).waitFor();
    expect(complaints).toEqual([]);
  });

  it("offers no second order of the kind while the first may be out", async () => {
    edge.said.submitted = () => null;
    const other = { ticket: aTicket(aBracket()) };
    edge.said.envelopes = [await order(other)];
    await button("Approve").click();
    await page.getByText("it may be out", { exact: false }).first().waitFor();
    edge.said.envelopes = [await order({ ...other, preview_id: "pv_0002" })];
    await page.getByText("The first may be out").waitFor();
    expect(await button("Approve").count()).toBe(0);
    await look("may-be-out");
    await button("I looked: the first is not out").click();
    await button("Approve").waitFor();
    edge.said.submitted = () => ({ v: 1, accepted: true, receipt: null, refusals: [] });
    await button("Deny").click();
    edge.said.envelopes = [];
    await heading().getByText("Nothing waits for you").waitFor();
    expect(edge.said.messages.at(-1)?.kind).toBe("denial");
  });

  it("wants a large order typed out, its warnings ticked, and the PC's number where it is asked for", async () => {
    const warning = { message_id: "o163", fingerprint: "1".repeat(64), text: "Exceeds 3 %." };
    const { text: _text, ...accepted } = warning;
    edge.said.envelopes = [
      await order({
        ticket: aTicket(undefined, { warnings: [warning] }),
        accepted_warnings: [accepted],
        tier: 2,
        number_needed: true,
      }),
    ];
    await button("Approve").click();
    await page.getByText("Read the order first").waitFor();
    await look("large");
    await page.waitForTimeout(5_000);
    await button("Approve").click();
    await page.getByText("Type the symbol and the quantity").waitFor();
    await page.getByLabel("Symbol, typed by you").fill("aapl");
    await page.getByLabel("Quantity, typed by you").fill("1.0");
    await button("Approve").click();
    await page.getByText("Type the four digits").waitFor();
    await page.getByLabel("Number shown at your PC").fill("4711");
    await page.getByRole("checkbox").check();
    await button("Approve").click();
    await expect
      .poll(() => edge.said.messages.at(-1))
      .toMatchObject({
        kind: "approval",
        number: 4711,
        accepted_warnings: [accepted],
      });
    edge.said.envelopes = [];
    await heading().getByText("Nothing waits for you").waitFor();
  }, 30_000);

  it.each(["question", "mandate", "lift_kill_switch", "loosen_policy"] as const)(
    "shows a %s with the same two buttons",
    async (act) => {
      const unsigned = unsignedOfEach().find((one) => one.act === act);
      if (unsigned === undefined) throw new Error("no such sample");
      edge.said.envelopes = [await offered(unsigned)];
      await button("Deny").waitFor();
      await look(act);
      edge.said.submitted = () => ({ v: 1, accepted: true, receipt: null, refusals: [] });
      edge.said.envelopes = [];
      await button("Deny").click();
      await heading().getByText("Nothing waits for you").waitFor();
    },
  );

  it("marks real money, and is dead when the time is over", async () => {
    const ticket = aTicket();
    const live = { ...ticket, order: { ...ticket.order, mode: "live" as const } };
    const not_after = new Date(Date.now() + 9_000).toISOString();
    edge.said.envelopes = [await order({ ticket: live, mode: "live", not_after })];
    await page.getByText("Live: real money").waitFor();
    await look("live");
    await heading().getByText("Nothing waits for you").waitFor({ timeout: 15_000 });
    edge.said.envelopes = [];
  }, 30_000);

  it("shows nothing that its PC did not sign, and says so in words", async () => {
    const forged = await sealed({ act: "order", body: anOrderBody(soon()) }, await somePc(8));
    edge.said.envelopes = [forged, { act: "order" }];
    await page.getByText("Something came that your PC did not sign").waitFor();
    await page.getByText("your PC is newer than the page").waitFor();
    expect(await button("Approve").count()).toBe(0);
    await look("forged");
    edge.said.envelopes = [];
    edge.said.status = 503;
    await page.getByText("It was refused (status 503).").waitFor();
    edge.said.status = 200;
    expect(complaints).toEqual([]);
  });

  it("shows nothing in a frame", async () => {
    const outer = await staticHost(() => `<iframe src="${host.url}" title="x"></iframe>`);
    try {
      await page.goto(outer.url);
      await page
        .frameLocator("iframe")
        .getByText("This page does not work inside another one.")
        .waitFor();
    } finally {
      await outer.close();
    }
  });

  it("says that a damaged file is one", async () => {
    const whole = html;
    html = whole.replace('"sidecar_id":"sc_home"', '"sidecar_id":1');
    await page.goto(host.url);
    await page.getByText("This file is not whole.").waitFor();
    html = whole;
  });

  function lastTicket(): string {
    const message = edge.said.messages.findLast(({ kind }) => kind === "approval");
    if (message?.kind !== "approval") throw new Error("no approval came");
    return message.ticket_sha256;
  }

  /** As the PC signs it: over what the page says that it signed. */
  async function receiptFor(ticket_sha256: string, verdict: "sent" | "filled") {
    const kept: string = await page.evaluate("localStorage.getItem('ibkr-approver/sc_home')");
    const answered: { ticket_sha256: string; signed_sha256: string }[] = JSON.parse(kept).answered;
    const intent_hash =
      answered.find((one) => one.ticket_sha256 === ticket_sha256)?.signed_sha256 ?? "";
    seq += 1;
    return sealedReceipt(aReceiptBody({ ticket_sha256, intent_hash, verdict, pc_seq: seq }), pc);
  }
});

function anyProbe() {
  const probe = unsignedOfEach().find((one) => one.act === "probe");
  if (probe?.act !== "probe") throw new Error("no probe among the samples");
  return probe.body;
}
