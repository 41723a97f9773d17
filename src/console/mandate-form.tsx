import { PasskeyAssertion, readPasskeyJson } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { type Context, Hono } from "hono";
import type { MandateChoices } from "../../durable-objects/account/rpc/mandate-views.ts";
import { requireOwner } from "../owner/owner-session.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Page, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { PasskeyForm, useOptions } from "../web/passkey-form.tsx";
import { MandateFields } from "./mandate-fields.tsx";
import { Lines } from "./mandate-lines.tsx";
import { mandateRefused, parsedJson } from "./mandate-refused.tsx";

/**
 * Making a mandate: a form, a review in plain words, a signature. Nothing is kept before the passkey
 * has signed exactly what the review shows.
 */
export const mandateFormRoutes = new Hono<PageEnv>();

mandateFormRoutes.get("/mandates/new", requireOwner, async (c) => form(c, new URLSearchParams()));

mandateFormRoutes.post("/mandates/review", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const given = c.get("form");
  const choices = await owner.account.mandates.mandateChoices();
  const begun = await owner.account.mandates.beginMandate(draftOf(given, choices));
  if (!begun.ok) return form(c, given, `${FIELDS[begun.field] ?? ""}${begun.detail}`);
  return sendPage(
    c,
    <Page title="Sign a mandate" owner={owner} room="/mandates" narrow>
      <h1>Sign these bounds?</h1>
      <PasskeyForm
        action="/mandates/sign"
        ceremony={useOptions(c.get("settings"), begun.ceremony)}
        fields={{ csrf: owner.session.csrf, mandate: JSON.stringify(begun.mandate) }}
        button="Sign it with your passkey"
      >
        <Lines mandate={begun.mandate} choices={choices} />
        <div class="note warn">
          <p>
            <strong>Inside these bounds the agent needs no tap of yours.</strong> Nothing asks you
            before such an order goes
            {begun.mandate.mode === "live" ? ", and it moves real money" : ""}.
          </p>
        </div>
        <p class="soft small">
          Limits, kill switches and your PC's caps hold all the same. After signing, your PC shows
          the bounds and a number; only when you bring that number back is the mandate in force. You
          can revoke it at any time with one tap, here or at the PC.
        </p>
      </PasskeyForm>
      <p>
        <a href="/mandates/new">Change the bounds</a>
      </p>
    </Page>,
    { script: true },
  );
});

mandateFormRoutes.post("/mandates/sign", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const given = c.get("form");
  const assertion = readPasskeyJson(PasskeyAssertion, given.get("response") ?? "");
  const mandate = parsedJson(given.get("mandate") ?? "");
  if (assertion === null || mandate === null) {
    return mandateRefused(c, "No passkey came with it. Nothing was signed.");
  }
  const done = await owner.account.mandates.signMandate({ mandate, assertion });
  return done.ok ? c.redirect(`/mandates/${done.mandateId}`, 303) : mandateRefused(c, done.detail);
});

/** The form as a draft; what does not fit is refused by the account's own schema. */
function draftOf(given: URLSearchParams, choices: MandateChoices): object {
  const account = given.get("account") ?? "";
  const typed = (given.get("conids") ?? "").split(/[\s,]+/).filter((one) => one !== "");
  const conids = [...new Set([...given.getAll("conid"), ...typed])];
  const text = (name: string) => (given.get(name) ?? "").trim();
  return {
    accounts: [account],
    mode: choices.accounts.find(({ brokerAccount }) => brokerAccount === account)?.mode ?? "",
    clients: given.getAll("client"),
    // Any contract is said, never left out.
    conids: given.get("any_contract") === "yes" && conids.length === 0 ? null : conids.map(Number),
    asset_classes: given.getAll("asset_class"),
    sides: given.getAll("side"),
    order_types: given.getAll("order_type"),
    reduce_only: given.get("reduce_only") === "yes",
    currencies: words(text("currencies")),
    exchanges: words(text("exchanges")),
    times_in_force: given.getAll("time_in_force"),
    outside_rth: given.get("outside_rth") === "yes",
    short_sales: given.get("short_sales") === "yes",
    when_closed: given.get("when_closed") === "yes",
    max_price_beyond_percent: text("max_price_beyond_percent"),
    latest_expiry: text("latest_expiry") === "" ? null : text("latest_expiry").replaceAll("-", ""),
    max_notional_per_order: text("max_notional_per_order"),
    max_notional_per_day: text("max_notional_per_day"),
    max_quantity_per_order: text("max_quantity_per_order"),
    max_orders_per_day: Number(text("max_orders_per_day")),
    accepted_warnings: choices.warnings
      .filter(({ fingerprint }) => given.getAll("warning").includes(fingerprint))
      .map(({ message_id, fingerprint }) => ({ message_id, fingerprint })),
    days: Number(text("days")),
  };
}

const words = (text: string): string[] => [
  ...new Set(
    text
      .toUpperCase()
      .split(/[\s,]+/)
      .filter((one) => one !== ""),
  ),
];

const FIELDS: Record<string, string> = {
  accounts: "Account: ",
  clients: "Agents: ",
  conids: "Contracts: ",
  asset_classes: "Kinds: ",
  sides: "Buy or sell: ",
  order_types: "Order types: ",
  currencies: "Currencies: ",
  exchanges: "Exchanges: ",
  times_in_force: "Time in force: ",
  max_price_beyond_percent: "Price: ",
  latest_expiry: "Expiry: ",
  max_notional_per_order: "Value of one order: ",
  max_notional_per_day: "Value in 24 hours: ",
  max_quantity_per_order: "Units of one order: ",
  max_orders_per_day: "Orders in 24 hours: ",
  accepted_warnings: "Warnings: ",
  days: "Days: ",
};

async function form(c: Context<PageEnv>, given: URLSearchParams, problem?: string) {
  const owner = c.get("owner");
  const choices = await owner.account.mandates.mandateChoices();
  const lacks =
    choices.passkeys === 0
      ? "Add a passkey first, under Security: a mandate is signed with it."
      : choices.accounts.length === 0
        ? "An account can be named after its first preview."
        : choices.clients.length === 0
          ? "No agent may ask for approvals yet."
          : null;
  return sendPage(
    c,
    <Page title="New mandate" owner={owner} room="/mandates" narrow>
      <div class="head">
        <h1>What may go without your tap?</h1>
        <p class="lead">Keep it small. What is not named here still asks you.</p>
      </div>
      {problem !== undefined && (
        <div class="note bad" role="alert">
          <p>{problem}</p>
        </div>
      )}
      {lacks !== null ? (
        <div class="note warn">
          <p>{lacks}</p>
        </div>
      ) : (
        <MandateFields given={given} choices={choices} csrf={owner.session.csrf} />
      )}
      <p>
        <a href="/mandates">Back to your mandates</a>
      </p>
    </Page>,
    problem === undefined ? {} : { status: 400 },
  );
}
