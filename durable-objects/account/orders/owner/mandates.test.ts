import { mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { PreviewedTicket } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import { tradeAsk } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-approvals.ts";
import { tradeLimits } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-limits.ts";
import { tradeSubmit } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-writes.ts";
import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { beforeEach, describe, expect, it } from "vitest";
import {
  ACCOUNT,
  type DeskRig,
  outcome,
  previewed,
  settled,
} from "../../../../test/support/order-desk.ts";
import { aLeg, anOrder } from "../../../../test/support/orders.ts";
import { ownerVerbs } from "../../../../test/support/owner-verbs.ts";
import {
  AWAY,
  approvalIdOf,
  type OwnerWorld,
  ownerWorld,
  type PcAnswers,
} from "../../../../test/support/owner-world.ts";
import type { OwnerAccount } from "../../rpc/owner.ts";
import { SessionEnded } from "../../rpc/session-ended.ts";
import type { OrderService } from "../order-service.ts";
import { nextMandateSyncAt, syncMandates } from "../sidecar-calls/mandate-sync.ts";
import { findApproval } from "../tables/approvals.ts";
import { policyInForce } from "../tables/policies.ts";
import { engageKill } from "../transactions/kill-switches.ts";
import { changePolicy } from "../transactions/policy-transaction.ts";
import { mandateViews } from "./mandate-view.ts";

/** The account's side of a mandate, over a PC that says what the test makes it say. */
const BOUNDS = {
  accounts: [ACCOUNT],
  mode: "paper",
  clients: ["client-1"],
  conids: [265598],
  asset_classes: ["STK"],
  sides: ["BUY"],
  order_types: ["LMT"],
  reduce_only: false,
  currencies: ["USD"],
  exchanges: ["SMART"],
  times_in_force: ["DAY"],
  outside_rth: false,
  when_closed: false,
  short_sales: false,
  max_price_beyond_percent: "1",
  latest_expiry: null,
  max_notional_per_order: "200",
  max_notional_per_day: "1000",
  max_quantity_per_order: "1",
  max_orders_per_day: 3,
  accepted_warnings: [],
  days: 7,
};

let world: OwnerWorld;
let rig: DeskRig;
let desk: OrderService;
let pc: PcAnswers;
let owner: OwnerAccount["mandates"];

const said = (state: string, rule?: string) =>
  settled({
    state,
    refusals:
      rule === undefined
        ? []
        : [{ code: "MANDATE_NOT_COVERING", field: "mandate", rule, message: "Not here." }],
    as_of: world.now(),
  });
const shown = (state: string, rule?: string) => {
  const told = said(state, rule);
  return told.ok ? settled({ ...JSON.parse(JSON.stringify(told.result)), shown: [] }) : told;
};

let pages: OwnerAccount;
let audited: string[] = [];
beforeEach(() => {
  audited = [];
  world = ownerWorld({
    audited,
    clients: ["client-1", "client-2"],
    pc: () => ({
      "mandate.take": () => shown("waiting"),
      "mandate.confirm": () => said("confirmed"),
      "mandate.revoke": () => said("revoked"),
    }),
    policy: (policy) => {
      policy.tiers.tier_zero = "mandate";
      Object.assign(policy.cumulative, {
        max_orders_per_second: null,
        max_orders_per_minute: null,
        max_buy_notional_per_day: null,
        max_turnover_per_day: null,
        max_open_notional: null,
        repeat_times: null,
      });
      policy.clients.max_notional_per_day = null;
      policy.portfolio.max_gross_percent = null;
    },
  });
  ({ rig, desk, pc, verbs: pages } = world);
  owner = pages.mandates;
});

it("a passkey that signs a mandate or lifts a switch stops a recovery: it is not lost", async () => {
  const { sql } = rig.parts.storage;
  const recovery = () =>
    sql.exec("INSERT INTO owner_settings (name, value) VALUES ('recovery:sc_1', '{}')");
  const left = () => sql.exec("SELECT name FROM owner_settings").toArray();
  recovery();
  await sign();
  expect([left(), audited]).toEqual([[], ["owner.recovery_stopped"]]);

  recovery();
  const frozen = { scope: "gateway", subject: null } as const;
  await pages.trading.engageKill({ ...frozen, effect: "freeze", reason: "A test." });
  const asked = await pages.trading.beginLift(frozen);
  if (asked === null) throw new Error("nothing to lift");
  const { nonce, notAfter, challenge } = asked;
  const assertion = world.tap(Buffer.from(challenge, "base64url").toString("hex"));
  const terms = { nonce, notAfter };
  expect(await pages.trading.liftKill({ ...frozen, terms, assertion })).toBe(true);
  expect([left(), audited.length]).toEqual([[], 2]);
});

async function begun(over: Partial<typeof BOUNDS> = {}) {
  const ceremony = await owner.beginMandate({ ...BOUNDS, ...over });
  if (!ceremony.ok) throw new Error(`${ceremony.field}: ${ceremony.detail}`);
  return ceremony.mandate;
}

async function sign(over: Partial<typeof BOUNDS> = {}): Promise<string> {
  const mandate = await begun(over);
  const done = await owner.signMandate({ mandate, assertion: world.tap(mandateHash(mandate)) });
  if (!done.ok) throw new Error(done.detail);
  return done.mandateId;
}

const confirm = (mandateId: string) => owner.confirmMandate({ mandateId, number: 47 });
const stateOf = async (mandateId: string) =>
  mandateViews(rig.parts).find((view) => view.mandateId === mandateId);

async function ask(clientId = "client-1") {
  const preview = await world.preview(clientId);
  const preview_id = preview.preview_id;
  return { preview, ...(await world.run(tradeAsk, { preview_id }, { clientId })) };
}

let keys = 0;
const submit = (approval_id: string) =>
  world.run(tradeSubmit, {
    mode: "paper",
    structure: "single",
    approval_id,
    idempotency_key: `mandate-key-${++keys}`,
  });

describe("a mandate of the owner's", () => {
  it("shows as tier 0 in the preview, grants at once, and shows what is left to the agent it names", async () => {
    const id = await sign();
    expect(await ask()).toMatchObject({ outcome: "asked", preview: { tier: 1 } });
    expect(await confirm(id)).toMatchObject({ ok: true });
    const granted = await ask();
    expect(granted).toMatchObject({
      outcome: "granted",
      preview: { tier: 0 },
      approval: { mandate_id: id, tier: 0 },
    });
    const left = async (clientId: string) =>
      (await world.run(tradeLimits, {}, { clientId })).limits.filter(
        ({ limit }: { limit: string }) => limit.startsWith("mandate."),
      );
    expect(await left("client-1")).toMatchObject([
      { limit: `mandate.${id}.max_orders_per_day`, used: "1", bound: "3", headroom: "2" },
      { limit: `mandate.${id}.max_notional_per_day`, used: "187.25", bound: "1000" },
    ]);
    expect(await left("client-2")).toEqual([]);
    expect(await ask("client-2")).toMatchObject({ outcome: "asked" });
    expect(await submit(approvalIdOf(granted))).toMatchObject({ outcome: "answered" });
    expect(rig.jobs.at(-1)).toMatchObject({
      operation: "order.place",
      input: { approval: { kind: "mandate", mandate: { mandate_id: id } } },
    });
  });

  it("signed while the PC is away waits for it, and is told when it is back", async () => {
    Object.assign(rig.parts.relay.presence(), { online: false });
    const id = await sign();
    expect(await stateOf(id)).toMatchObject({ state: "waits_for_pc" });
    expect(nextMandateSyncAt(rig.parts)).toBeNull();
    Object.assign(rig.parts.relay.presence(), { online: true });
    pc["mandate.take"] = () => AWAY;
    expect(nextMandateSyncAt(rig.parts)).toBe(rig.clock.now);
    await syncMandates(rig.parts);
    expect(await stateOf(id)).toMatchObject({ state: "waits_for_pc" });
    expect(nextMandateSyncAt(rig.parts)).toBe(rig.clock.now + 30_000);
    rig.clock.now += 30_000;
    pc["mandate.take"] = () => shown("waiting");
    await syncMandates(rig.parts);
    expect(await stateOf(id)).toMatchObject({ state: "waits_for_number" });
    expect(nextMandateSyncAt(rig.parts)).toBeNull();
  });

  it("that the PC refuses says why, and grants nothing", async () => {
    pc["mandate.take"] = () => shown("refused", "mandates_allowed_here");
    const id = await sign();
    expect(await stateOf(id)).toMatchObject({ state: "refused_by_pc", pcWords: "Not here." });
    expect(await ask()).toMatchObject({ outcome: "asked" });
    pc["mandate.take"] = () => shown("waiting");
    expect(await owner.showMandate(id)).toMatchObject({ ok: true });
    expect(await stateOf(id)).toMatchObject({ state: "waits_for_number" });
  });

  it("counts at the PC that confirmed it: another one shows a number of its own", async () => {
    const id = await sign();
    await confirm(id);
    Object.assign(rig.parts.relay.presence(), { sidecarId: "sc_new" });
    expect(await stateOf(id)).toMatchObject({ state: "waits_for_pc" });
    expect((await ask()).outcome).not.toBe("granted");
    await syncMandates(rig.parts);
    expect(await stateOf(id)).toMatchObject({ state: "waits_for_number" });
  });

  it("is used up over all PCs together, the policy's day as well", async () => {
    const id = await sign({ max_orders_per_day: 3 });
    await confirm(id);
    for (let sent = 0; sent < 2; sent += 1) {
      await submit(approvalIdOf(await ask()));
    }
    Object.assign(rig.parts.relay.presence(), { sidecarId: "sc_new" });
    rig.parts.storage.sql.exec("UPDATE broker_status SET sidecar_id = 'sc_new'");
    await syncMandates(rig.parts);
    await confirm(id);
    expect(await stateOf(id)).toMatchObject({ state: "in_force", usage: { orders_today: 2 } });
    await submit(approvalIdOf(await ask()));
    expect(await stateOf(id)).toMatchObject({ usage: { orders_today: 3 } });
    // Of another PC's journal the three would be one: here they are three, and the fourth asks.
    expect((await ask()).outcome).toBe("asked");
    const { limits } = await world.run(tradeLimits, {});
    expect(limits).toContainEqual(
      expect.objectContaining({ limit: "cumulative.max_orders_per_day", used: "3" }),
    );
  });

  it("covers what it names of where, when and at what price, and asks for the rest", async () => {
    await confirm(await sign({ exchanges: ["IEX"] }));
    expect((await ask()).outcome).toBe("asked");
    await confirm(await sign({ times_in_force: ["GTC"] }));
    expect((await ask()).outcome).toBe("asked");
    await confirm(await sign({ currencies: ["EUR"] }));
    expect((await ask()).outcome).toBe("asked");
    await confirm(await sign());
    expect((await ask()).outcome).toBe("granted");
    const over = await owner.beginMandate({ ...BOUNDS, latest_expiry: "20200101" });
    expect(over).toMatchObject({ ok: false, field: "latest_expiry" });
  });

  it("revoked is told to every PC that may know it, also to one that comes back later", async () => {
    const id = await sign();
    await confirm(id);
    const presence = rig.parts.relay.presence();
    const before = presence.sidecarId;
    Object.assign(presence, { sidecarId: "sc_new" });
    expect(await owner.revokeMandate(id)).toBe(true);
    rig.clock.now += 60_000;
    await syncMandates(rig.parts);
    const told = () => rig.jobs.filter(({ operation }) => operation === "mandate.revoke").length;
    expect(told()).toBe(0);
    expect(await stateOf(id)).toMatchObject({ state: "revoked", pcUntold: true });
    Object.assign(presence, { sidecarId: before });
    expect(nextMandateSyncAt(rig.parts)).toBe(rig.clock.now);
    await syncMandates(rig.parts);
    expect(told()).toBe(1);
    expect(await stateOf(id)).toMatchObject({ pcUntold: false });
    expect(nextMandateSyncAt(rig.parts)).toBeNull();
  });

  it("in force stays in sight, however many were signed and revoked after it", async () => {
    const id = await sign();
    for (let n = 0; n < 51; n += 1) {
      rig.clock.now += 1_000;
      await owner.revokeMandate(await sign());
    }
    const views = await owner.listMandates();
    expect(views[0]).toMatchObject({ mandateId: id });
    expect(views).toHaveLength(51);
  });

  it("revoked is told to the PC until it has heard, and grants nothing from that turn on", async () => {
    const id = await sign();
    await confirm(id);
    const granted = await ask();
    pc["mandate.revoke"] = () => AWAY;
    expect(await owner.revokeMandate(id)).toBe(true);
    expect(await owner.revokeMandate(id)).toBe(false);
    expect(await stateOf(id)).toMatchObject({
      state: "revoked",
      revokedBy: "owner",
      pcUntold: true,
    });
    expect(await ask()).toMatchObject({ outcome: "asked" });
    const late = await submit(approvalIdOf(granted));
    expect(late).toMatchObject({ outcome: "refused", order: null });
    expect(rig.jobs.filter(({ operation }) => operation === "order.place")).toEqual([]);
    pc["mandate.revoke"] = () => said("revoked");
    rig.clock.now += 60_000;
    await syncMandates(rig.parts);
    expect(await stateOf(id)).toMatchObject({ pcUntold: false });
    expect(nextMandateSyncAt(rig.parts)).toBeNull();
    expect(rig.leaves.filter(({ type }) => type === "mandate.revoked")).toHaveLength(1);
  });

  it("ends for good with the access of the last agent it names", async () => {
    const own = await sign();
    await confirm(own);
    const shared = await sign({ clients: ["client-1", "client-2"] });
    expect(await pages.clients.revokeClient("client-1")).toBe(true);
    expect(await stateOf(own)).toMatchObject({ state: "revoked", revokedBy: "owner" });
    expect(await stateOf(shared)).toMatchObject({ state: "waits_for_number" });
    expect(await pages.clients.revokeAllClients()).toEqual(["client-2"]);
    expect(await stateOf(shared)).toMatchObject({ state: "revoked" });
  });

  it("revoked while an order of it waits for the account's lane: that order does not leave", async () => {
    const id = await sign();
    await confirm(id);
    const first = await ask();
    const second = await ask();
    let letGo: (settlement: JobSettlement) => void = () => {};
    const place = pc["order.place"];
    pc["order.place"] = (input) =>
      new Promise((resolve) => {
        letGo = () => resolve(place?.(input) ?? AWAY);
      });
    const sending = submit(approvalIdOf(first));
    await expect
      .poll(() => rig.jobs.filter(({ operation }) => operation === "order.place").length)
      .toBe(1);
    const waiting = submit(approvalIdOf(second));
    await expect
      .poll(
        () =>
          rig.parts.storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM order_intents").one()
            .n,
      )
      .toBe(2);
    await owner.revokeMandate(id);
    letGo(AWAY);
    expect(await sending).toMatchObject({ order: { state: "accepted" } });
    expect(await waiting).toMatchObject({ order: { state: "rejected" } });
    expect(rig.jobs.filter(({ operation }) => operation === "order.place")).toHaveLength(1);
    const { sql } = rig.parts.storage;
    expect(findApproval(sql, approvalIdOf(second), rig.clock.now)?.state).toBe("revoked");
  });

  it("ends with its time, with the passkey that signed it, and with the limits that let it in", async () => {
    const id = await sign({ days: 1 });
    await confirm(id);
    expect(await ask()).toMatchObject({ outcome: "granted" });
    const { sql } = rig.parts.storage;
    const [kept] = sql.exec("SELECT * FROM passkeys").toArray();
    sql.exec("DELETE FROM passkeys");
    expect(await ask()).toMatchObject({ outcome: "asked" });
    sql.exec(
      `INSERT INTO passkeys (credential_id, public_key, counter, transports, name, backed_up, added_at)
       VALUES (?, ?, 9, '[]', 'phone', 0, 0)`,
      String(kept?.credential_id),
      String(kept?.public_key),
    );
    expect(await ask()).toMatchObject({ outcome: "granted" });
    const letIn = (tier_zero: "never" | "mandate") => {
      const policy = policyInForce(sql, ACCOUNT, rig.clock.now);
      if (policy === null) throw new Error("there is no policy");
      const document = { ...policy.document, tiers: { ...policy.document.tiers, tier_zero } };
      changePolicy(sql, { document, basedOn: policy.hash, signed: true }, rig.clock.now);
    };
    letIn("never");
    expect(await ask()).toMatchObject({ outcome: "asked" });
    letIn("mandate");
    expect(await ask()).toMatchObject({ outcome: "granted" });
    rig.clock.now += 86_400_000;
    expect(await stateOf(id)).toMatchObject({ state: "over" });
    expect((await ask()).outcome).not.toBe("granted");
  });

  it("for exits only lets a position be left while a switch is engaged, and opens none", async () => {
    const effect = { kind: "exit" };
    pc["order.preview"] = () => {
      const told = previewed(
        anOrder({ legs: [aLeg({ side: "SELL", limit_price: "187.25" })] }),
        rig.clock.now,
      );
      if (!told.ok) return told;
      const ticket = PreviewedTicket.parse(told.result);
      const now = {
        kind: effect.kind === "exit" ? ("exit" as const) : ("entry" as const),
        position: effect.kind === "exit" ? "5" : "0",
        working_same_side: "0",
        at: world.now(),
      };
      return settled({ ...ticket, facts: { ...ticket.facts, effect: now } });
    };
    const id = await sign({ sides: ["SELL"], reduce_only: true });
    await confirm(id);
    engageKill(
      rig.parts.storage.sql,
      { scope: "gateway", subject: null, actor: "owner", reason: "", effect: "freeze" },
      rig.clock.now,
    );
    expect(await ask()).toMatchObject({ outcome: "granted", approval: { mandate_id: id } });
    effect.kind = "entry";
    expect(await ask()).toMatchObject({ outcome: "refused" });
  });

  it("of which an order's value is unknown grants nothing more until that is known", async () => {
    const id = await sign();
    await confirm(id);
    await submit(approvalIdOf(await ask()));
    rig.parts.storage.sql.exec("UPDATE order_intents SET notional = NULL");
    expect((await stateOf(id))?.usage).toEqual({ orders_today: 1, notional_today: null });
    expect(await ask()).toMatchObject({ outcome: "asked" });
  });

  it("that the PC says is ended there ends here too, with what was granted under it", async () => {
    const id = await sign();
    await confirm(id);
    const granted = await ask();
    const other = await ask();
    pc["order.place"] = ({ coid }) =>
      settled({
        ...outcome(
          { coid: String(coid), state: "rejected", proved_by: "sidecar_not_sent" },
          null,
          rig.clock.now,
        ),
        refusals: [
          {
            code: "MANDATE_NOT_COVERING",
            field: "mandate",
            rule: "not_revoked",
            message: "The mandate was revoked at this PC.",
          },
        ],
      });
    expect(await submit(approvalIdOf(granted))).toMatchObject({
      order: { state: "rejected" },
    });
    expect(await stateOf(id)).toMatchObject({ state: "revoked", revokedBy: "pc" });
    const { sql } = rig.parts.storage;
    expect(findApproval(sql, approvalIdOf(other), rig.clock.now)?.state).toBe("revoked");
  });

  it("is signed once, soon, by a session that is open, and at most ten stand", async () => {
    const mandate = await begun();
    const assertion = world.tap(mandateHash(mandate));
    const nobody = ownerVerbs(rig, { orders: desk, secret: "nobody" }).mandates;
    await expect(nobody.signMandate({ mandate, assertion })).rejects.toThrow(SessionEnded);
    rig.clock.now += 10 * 60_000;
    expect(await owner.signMandate({ mandate, assertion })).toMatchObject({
      ok: false,
    });
    for (let n = 0; n < 10; n++) await sign();
    expect(await owner.beginMandate(BOUNDS)).toMatchObject({ ok: false });
  });

  it("is for one account, whose currency its bounds are in", async () => {
    const both = { ...BOUNDS, accounts: [ACCOUNT, "DU7654321"] };
    expect(await owner.beginMandate(both)).toMatchObject({
      ok: false,
      field: "accounts",
      detail: "A mandate is for one account.",
    });
  });

  it("accepts no warning that changes an order, whatever the draft says", async () => {
    const accepted_warnings = [{ message_id: "o10153", fingerprint: "a".repeat(64) }];
    expect(await owner.beginMandate({ ...BOUNDS, accepted_warnings })).toMatchObject({
      ok: false,
      field: "accepted_warnings",
    });
  });
});
