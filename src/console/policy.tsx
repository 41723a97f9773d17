import { EXAMPLE_ACCOUNT_VALUE, EXAMPLE_PRICE } from "@ibkr-edge-gateway/policy/example-orders.ts";
import { isPreset, withPreset } from "@ibkr-edge-gateway/policy/presets.ts";
import { PasskeyAssertion, readPasskeyJson } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { type Context, Hono } from "hono";
import type { PolicyView } from "../../durable-objects/account/rpc/order-views.ts";
import { requireOwner } from "../owner/owner-session.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Message, Page, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { PasskeyForm, useOptions } from "../web/passkey-form.tsx";
import { askedElsewhere, OnApprovalPage } from "./on-approval-page.tsx";
import { documentFrom } from "./policy-fields.ts";
import { PolicyForm, ProblemList, type Returned } from "./policy-form.tsx";
import { Presets } from "./policy-presets.tsx";
import { loosenedWords, policyWords, textOf } from "./policy-words.ts";

/**
 * The limits of one broker account. Tightening takes effect at once; loosening waits a day, or takes
 * the passkey over that very change. The form shows what changes before anything does.
 */
export const policyRoutes = new Hono<PageEnv>();

policyRoutes.get("/trading/policy", requireOwner, async (c) => {
  const view = await policyOf(c, c.req.query("account") ?? "");
  if (view === null) return c.redirect("/trading", 303);
  const preset = c.req.query("preset") ?? "";
  return isPreset(preset)
    ? review(c, view, withPreset(view.document, preset))
    : edit(c, view, null);
});

policyRoutes.post("/trading/policy", requireOwner, ownerForm, async (c) => {
  const form = c.get("form");
  const view = await policyOf(c, form.get("account") ?? "");
  if (view === null) return c.redirect("/trading", 303);
  const read = documentFrom(view.document, form);
  if (!read.ok) return edit(c, view, { form, problems: read.problems });
  return review(c, view, read.document);
});

policyRoutes.post("/trading/policy/change", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  let document: unknown;
  try {
    document = JSON.parse(form.get("document") ?? "");
  } catch {
    return c.redirect("/trading", 303);
  }
  const response = form.get("response") ?? "";
  const assertion = response === "" ? null : readPasskeyJson(PasskeyAssertion, response);
  if (response !== "" && assertion === null) return c.redirect("/trading", 303);
  const terms = { nonce: form.get("nonce") ?? "", notAfter: form.get("not_after") ?? "" };
  const outcome = await owner.account.trading.changePolicy({
    document,
    basedOn: form.get("based_on") ?? "",
    signed: assertion === null ? null : { terms, assertion },
  });
  if (outcome.ok) return c.redirect("/trading", 303);
  return notChanged(c, outcome.detail || "The change was refused.", null);
});

/** `account` as long as its limits can be looked at again at once. */
function notChanged(c: Context<PageEnv>, why: string, account: string | null) {
  const href = account === null ? "/trading" : `/trading/policy?account=${account}`;
  return sendPage(
    c,
    <Message
      title="The limits were not changed"
      owner={c.get("owner")}
      back={{ href, label: "Back" }}
    >
      <p>{why}</p>
    </Message>,
    { status: 409 },
  );
}

async function policyOf(c: Context<PageEnv>, account: string): Promise<PolicyView | null> {
  const { policies } = await c.get("owner").account.trading.tradingSettings();
  return policies.find(({ brokerAccount }) => brokerAccount === account) ?? null;
}

async function edit(c: Context<PageEnv>, view: PolicyView, returned: Returned | null) {
  const owner = c.get("owner");
  return sendPage(
    c,
    <Page
      title={returned === null ? "Limits" : "Limits: please correct"}
      owner={owner}
      room="/trading"
    >
      <div class="head">
        <h1>Limits of {view.brokerAccount}</h1>
        {returned === null && (
          <p class="lead">
            Each example buys shares at {EXAMPLE_PRICE}, in an account worth{" "}
            {EXAMPLE_ACCOUNT_VALUE.toLocaleString("en-US")} that holds nothing.
          </p>
        )}
      </div>
      {returned === null ? (
        <Presets document={view.document} now={new Date()} />
      ) : (
        <ProblemList problems={returned.problems} />
      )}
      <PolicyForm view={view} owner={owner} returned={returned} />
    </Page>,
    returned === null ? {} : { status: 400 },
  );
}

policyRoutes.post("/trading/policy/elsewhere", requireOwner, ownerForm, async (c) => {
  const form = c.get("form");
  let document: unknown;
  try {
    document = JSON.parse(form.get("document") ?? "");
  } catch {
    return c.redirect("/trading", 303);
  }
  const basedOn = form.get("based_on") ?? "";
  const { trading } = c.get("owner").account;
  // What the owner's own page shows is said here, of the two documents, and taken from no form.
  const begun = await trading.beginPolicy({ document, basedOn });
  if (!begun.ok) return askedElsewhere(c, begun);
  const loosened = loosenedWords(begun.changes);
  if (loosened.length === 0) return c.redirect("/trading", 303);
  const wanted = { act: "loosen_policy" as const, document, basedOn, loosened };
  return askedElsewhere(c, await trading.confirmElsewhere(wanted));
});

async function review(c: Context<PageEnv>, view: PolicyView, document: unknown) {
  const owner = c.get("owner");
  const begun = await owner.account.trading.beginPolicy({ document, basedOn: view.hash });
  if (!begun.ok) return notChanged(c, begun.detail, view.brokerAccount);
  const { changes, loosens, ceremony } = begun;
  const fields = {
    csrf: owner.session.csrf,
    document: JSON.stringify(document),
    based_on: view.hash,
    nonce: ceremony.nonce,
    not_after: ceremony.notAfter,
  };
  return sendPage(
    c,
    <Page title="Change the limits" owner={owner} room="/trading" narrow>
      <h1>{changes.length === 0 ? "Nothing changes" : "What changes"}</h1>
      <ul class="plain rows">
        {changes.map(({ field, change, from, to }) => (
          <li>
            <div class="line">
              <strong>{policyWords(field)}</strong>
              <span class={`state ${change === "looser" ? "warn" : "ok"}`}>{change}</span>
            </div>
            <span class="small soft">
              {valueInWords(from)} → {valueInWords(to)}
            </span>
          </li>
        ))}
      </ul>
      {changes.length > 0 && !loosens && (
        <form class="card" method="post" action="/trading/policy/change">
          {Object.entries(fields).map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          <div class="actions">
            <button type="submit">Tighten now</button>
          </div>
        </form>
      )}
      {loosens && (
        <>
          {ceremony.credentials.length > 0 && (
            <PasskeyForm
              action="/trading/policy/change"
              ceremony={useOptions(c.get("settings"), ceremony)}
              fields={fields}
              button="Change now with your passkey"
            >
              <p>This lets agents do more. Your passkey signs exactly this change.</p>
            </PasskeyForm>
          )}
          <OnApprovalPage
            action="/trading/policy/elsewhere"
            fields={{
              csrf: owner.session.csrf,
              document: fields.document,
              based_on: fields.based_on,
            }}
          />
          <form class="card" method="post" action="/trading/policy/change">
            {Object.entries(fields).map(([name, value]) => (
              <input type="hidden" name={name} value={value} />
            ))}
            <p class="soft">Or let it take effect by itself in 24 hours.</p>
            <div class="actions">
              <button class="quiet" type="submit">
                Change in a day
              </button>
            </div>
          </form>
        </>
      )}
      <p>
        <a href={`/trading/policy?account=${view.brokerAccount}`}>Back</a>
      </p>
    </Page>,
    { script: true },
  );
}

const valueInWords = (value: unknown): string =>
  typeof value === "boolean" ? (value ? "yes" : "no") : textOf(value) || "no limit";
