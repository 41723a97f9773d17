import { type Context, Hono } from "hono";
import type { Child } from "hono/jsx";
import type { MandateChoices } from "../../durable-objects/account/rpc-mandates.ts";
import { displayText } from "../oauth/client-text.ts";
import { requireOwner } from "../oauth/owner-session.ts";
import { AssetClass, OrderType, Side } from "../protocol/orders/terms.ts";
import { PasskeyAssertion, readPasskeyJson } from "../protocol/passkey.ts";
import { requestId } from "../request-id.ts";
import type { PageEnv } from "./context.ts";
import { Lines } from "./mandates.tsx";
import { ownerForm } from "./owner-form.ts";
import { Message, Page, sendPage } from "./page.tsx";
import { PasskeyForm, useOptions } from "./passkey-form.tsx";

/**
 * Making a mandate: a form, a review in plain words, a signature. Nothing is kept before the passkey
 * has signed exactly what the review shows.
 */
export const mandateFormRoutes = new Hono<PageEnv>();

mandateFormRoutes.get("/mandates/new", requireOwner, async (c) => form(c, new URLSearchParams()));

mandateFormRoutes.post("/mandates/review", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const given = c.get("form");
  const choices = await owner.account.mandateChoices();
  const begun = await owner.account.beginMandate(owner.secret, draftOf(given, choices));
  if (!begun.ok) return form(c, given, `${FIELDS[begun.field] ?? ""}${begun.detail}`);
  return sendPage(
    c,
    <Page title="Sign a mandate" owner={owner} room="/mandates" narrow script>
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
    return refused(c, "No passkey came with it. Nothing was signed.");
  }
  const done = await owner.account.signMandate(
    owner.secret,
    { mandate, assertion },
    requestId(c.req.raw),
  );
  return done.ok ? c.redirect(`/mandates/${done.mandateId}`, 303) : refused(c, done.detail);
});

/** An account's limits have to let mandates in as well: a change of limits, signed as one. */
mandateFormRoutes.get("/mandates/limits", requireOwner, async (c) => {
  const owner = c.get("owner");
  const account = c.req.query("account") ?? "";
  const begun = await limitsChange(c, account);
  if (begun === null) return c.redirect("/mandates", 303);
  const { ceremony, fields, letIn } = begun;
  return sendPage(
    c,
    <Page title="Mandates and limits" owner={owner} room="/mandates" narrow script>
      <h1>{letIn ? `Let no mandates in for ${account}?` : `Let mandates in for ${account}?`}</h1>
      {letIn ? (
        <form class="card" method="post" action="/mandates/limits">
          {Object.entries(fields).map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          <p>From then on every order in this account needs your tap, whatever was signed.</p>
          <div class="actions">
            <button type="submit">Let none in any more</button>
          </div>
        </form>
      ) : (
        <PasskeyForm
          action="/mandates/limits"
          ceremony={useOptions(c.get("settings"), ceremony)}
          fields={fields}
          button="Let them in with your passkey"
        >
          <p>
            The limits of this account then accept an order without your tap, when a mandate that
            you signed covers it. All other limits stay as they are.
          </p>
        </PasskeyForm>
      )}
      <p>
        <a href="/mandates">Leave it as it is</a>
      </p>
    </Page>,
    { script: true },
  );
});

mandateFormRoutes.post("/mandates/limits", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const given = c.get("form");
  const document = parsedJson(given.get("document") ?? "");
  const response = given.get("response") ?? "";
  const assertion = response === "" ? null : readPasskeyJson(PasskeyAssertion, response);
  if (document === null || (response !== "" && assertion === null)) {
    return c.redirect("/mandates", 303);
  }
  const terms = { nonce: given.get("nonce") ?? "", notAfter: given.get("not_after") ?? "" };
  const outcome = await owner.account.changePolicy(
    owner.secret,
    {
      document,
      basedOn: given.get("based_on") ?? "",
      signed: assertion === null ? null : { terms, assertion },
    },
    requestId(c.req.raw),
  );
  return outcome.ok
    ? c.redirect("/mandates", 303)
    : refused(c, outcome.detail || "The limits were not changed.");
});

async function limitsChange(c: Context<PageEnv>, account: string) {
  const owner = c.get("owner");
  const { policies } = await owner.account.tradingSettings();
  const policy = policies.find(({ brokerAccount }) => brokerAccount === account);
  if (policy === undefined) return null;
  const letIn = policy.document.tiers.tier_zero === "mandate";
  const document = {
    ...policy.document,
    tiers: { ...policy.document.tiers, tier_zero: letIn ? "never" : "mandate" },
  };
  const begun = await owner.account.beginPolicy(owner.secret, { document, basedOn: policy.hash });
  if (!begun.ok) return null;
  const { ceremony } = begun;
  return {
    letIn,
    ceremony,
    fields: {
      csrf: owner.session.csrf,
      document: JSON.stringify(document),
      based_on: policy.hash,
      nonce: ceremony.nonce,
      not_after: ceremony.notAfter,
    },
  };
}

function refused(c: Context<PageEnv>, words: string) {
  return sendPage(
    c,
    <Message
      title="Nothing was changed"
      owner={c.get("owner")}
      back={{ href: "/mandates", label: "Back to your mandates" }}
    >
      <p>{words}</p>
    </Message>,
    { status: 409 },
  );
}

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

const FIELDS: Record<string, string> = {
  accounts: "Account: ",
  clients: "Agents: ",
  conids: "Contracts: ",
  asset_classes: "Kinds: ",
  sides: "Buy or sell: ",
  order_types: "Order types: ",
  max_notional_per_order: "Value of one order: ",
  max_notional_per_day: "Value in 24 hours: ",
  max_quantity_per_order: "Units of one order: ",
  max_orders_per_day: "Orders in 24 hours: ",
  accepted_warnings: "Warnings: ",
  days: "Days: ",
};

async function form(c: Context<PageEnv>, given: URLSearchParams, problem?: string) {
  const owner = c.get("owner");
  const choices = await owner.account.mandateChoices();
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
        <Fields given={given} choices={choices} csrf={owner.session.csrf} />
      )}
      <p>
        <a href="/mandates">Back to your mandates</a>
      </p>
    </Page>,
    problem === undefined ? {} : { status: 400 },
  );
}

function Fields(props: { given: URLSearchParams; choices: MandateChoices; csrf: string }) {
  const { given, choices, csrf } = props;
  const first = given.size === 0;
  const ticked = (name: string, value: string, atFirst = false) =>
    first ? atFirst : given.getAll(name).includes(value);
  const box = (name: string, value: string, words: Child, atFirst = false) => (
    <label class="choice">
      <input type="checkbox" name={name} value={value} checked={ticked(name, value, atFirst)} />
      <span>{words}</span>
    </label>
  );
  return (
    <form class="card" method="post" action="/mandates/review">
      <input type="hidden" name="csrf" value={csrf} />
      <fieldset>
        <legend>Account</legend>
        {choices.accounts.map(({ brokerAccount, mode }, index) => (
          <label class="choice">
            <input
              type="radio"
              name="account"
              value={brokerAccount}
              required
              checked={ticked("account", brokerAccount, index === 0 && mode === "paper")}
            />
            <span>
              {brokerAccount}, {mode === "live" ? "live, real money" : "paper"}
            </span>
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>Agents that may use it</legend>
        {choices.clients.map(({ clientId, name }) =>
          box("client", clientId, displayText(name, 80)),
        )}
      </fieldset>
      <fieldset>
        <legend>Buy or sell</legend>
        {Side.options.map((side) => box("side", side, side === "BUY" ? "Buy" : "Sell"))}
        {box("reduce_only", "yes", "Only what reduces a position")}
      </fieldset>
      <fieldset>
        <legend>Contracts</legend>
        {choices.contracts.map(({ conid, symbol }) =>
          box("conid", String(conid), `${displayText(symbol, 40)} (${conid})`),
        )}
        <Field
          given={given}
          name="conids"
          label="Other contract numbers"
          hint="With spaces between."
          optional
        />
        {box("any_contract", "yes", "Any contract of the kinds below")}
      </fieldset>
      <fieldset>
        <legend>Kinds</legend>
        {AssetClass.options.map((kind) => box("asset_class", kind, KINDS[kind], kind === "STK"))}
      </fieldset>
      <fieldset>
        <legend>Order types</legend>
        {OrderType.options.map((type) => box("order_type", type, TYPES[type], type === "LMT"))}
      </fieldset>
      <Field
        given={given}
        name="max_notional_per_order"
        label="Value of one order, at most"
        hint={IN_BASE}
      />
      <Field given={given} name="max_quantity_per_order" label="Units of one order, at most" />
      <Field
        given={given}
        name="max_notional_per_day"
        label="Value in 24 hours, at most"
        hint={IN_BASE}
      />
      <Field given={given} name="max_orders_per_day" label="Orders in 24 hours, at most" />
      <Field given={given} name="days" label="For how many days" hint="At most 90." />
      {choices.warnings.length > 0 && (
        <fieldset>
          <legend>Warnings of the broker you accept beforehand</legend>
          <p class="small soft">
            In this wording, whatever the numbers. An order with any other warning still asks you.
          </p>
          {choices.warnings.map(({ fingerprint, text, message_id }) =>
            box("warning", fingerprint, `${displayText(text, 300)} (${message_id ?? ""})`),
          )}
        </fieldset>
      )}
      <div class="actions">
        <button type="submit">Review it</button>
      </div>
    </form>
  );
}

const IN_BASE = "In the account's base currency.";

const KINDS: Record<(typeof AssetClass.options)[number], string> = {
  STK: "Stocks and funds",
  OPT: "Options",
  FUT: "Futures",
};

const TYPES: Record<(typeof OrderType.options)[number], string> = {
  LMT: "Limit",
  MKT: "Market",
  STP: "Stop",
  STOP_LIMIT: "Stop limit",
  TRAIL: "Trailing stop",
  TRAILLMT: "Trailing stop limit",
  MIDPRICE: "Midprice",
};

function Field(props: {
  given: URLSearchParams;
  name: string;
  label: string;
  hint?: string;
  optional?: boolean;
}) {
  const { given, name, label, hint, optional } = props;
  return (
    <label class="field">
      {label}
      <input
        type="text"
        name={name}
        value={given.get(name) ?? ""}
        inputmode={optional === true ? "text" : "decimal"}
        required={optional !== true}
        maxlength={optional === true ? 400 : 20}
        autocomplete="off"
      />
      {hint !== undefined && <span class="hint">{hint}</span>}
    </label>
  );
}

function parsedJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value ?? null;
  } catch {
    return null;
  }
}
