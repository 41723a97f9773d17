import { POLICY_FIELDS } from "@ibkr-edge-gateway/policy/restriction.ts";
import { canonicalJson } from "@ibkr-edge-gateway/protocol/digest.ts";
import { PasskeyAssertion, readPasskeyJson } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { type Context, Hono } from "hono";
import type { PolicyView } from "../../durable-objects/account/rpc/order-views.ts";
import { requireOwner } from "../owner/owner-session.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Message, Page, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { PasskeyForm, useOptions } from "../web/passkey-form.tsx";
import { askedElsewhere, OnApprovalPage } from "./on-approval-page.tsx";
import { loosenedWords, policyWords, sentence, textOf } from "./policy-words.ts";

/**
 * The limits of one broker account. Tightening takes effect at once; loosening waits a day, or takes
 * the passkey over that very change. The form shows what changes before anything does.
 */
export const policyRoutes = new Hono<PageEnv>();

policyRoutes.get("/trading/policy", requireOwner, async (c) =>
  edit(c, c.req.query("account") ?? ""),
);

policyRoutes.post("/trading/policy", requireOwner, ownerForm, async (c) => {
  const form = c.get("form");
  const view = await policyOf(c, form.get("account") ?? "");
  if (view === null) return c.redirect("/trading", 303);
  const read = documentFrom(view, form);
  if (!read.ok) return edit(c, view.brokerAccount, read.problem);
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
  return sendPage(
    c,
    <Message
      title="The limits were not changed"
      owner={owner}
      back={{ href: "/trading", label: "Back" }}
    >
      <p>{outcome.detail || "The change was refused."}</p>
    </Message>,
    { status: 409 },
  );
});

async function policyOf(c: Context<PageEnv>, account: string): Promise<PolicyView | null> {
  const { policies } = await c.get("owner").account.trading.tradingSettings();
  return policies.find(({ brokerAccount }) => brokerAccount === account) ?? null;
}

async function edit(c: Context<PageEnv>, account: string, problem?: string) {
  const owner = c.get("owner");
  const view = await policyOf(c, account);
  if (view === null) return c.redirect("/trading", 303);
  return sendPage(
    c,
    <Page title="Limits" owner={owner} room="/trading">
      <div class="head">
        <h1>Limits of {view.brokerAccount}</h1>
        <p class="lead">
          In the account's base currency. An empty field is no limit. Lists are separated by spaces.
        </p>
      </div>
      {problem !== undefined && (
        <div class="note bad" role="alert">
          <p>{problem}</p>
        </div>
      )}
      <form class="card" method="post" action="/trading/policy">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <input type="hidden" name="account" value={view.brokerAccount} />
        {sections(view).map(({ name, fields }) => (
          <details {...(name === "order" ? { open: true } : {})}>
            <summary>{SECTIONS[name] ?? sentence(name)}</summary>
            {fields.map(({ path, value }) =>
              typeof value === "boolean" ? (
                <label class="choice">
                  <input type="checkbox" name={path} value="yes" checked={value} />
                  <span>{policyWords(path)}</span>
                </label>
              ) : (
                <label class="field">
                  {policyWords(path)}
                  <input
                    type="text"
                    name={path}
                    value={textOf(value)}
                    maxlength={2000}
                    autocomplete="off"
                  />
                </label>
              ),
            )}
          </details>
        ))}
        <div class="actions">
          <button type="submit">See what changes</button>
          <a class="button quiet" href="/trading">
            Cancel
          </a>
        </div>
      </form>
    </Page>,
    problem === undefined ? {} : { status: 400 },
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
  if (!begun.ok) return edit(c, view.brokerAccount, begun.detail);
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
              {textOf(from) || "no limit"} → {textOf(to) || "no limit"}
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

const SECTIONS: Record<string, string> = {
  state: "Clocks and windows",
  clients: "Agents",
  form: "Kinds of order",
  instruments: "Instruments",
  options: "Options",
  data: "Quotes and prices",
  order: "One order",
  cumulative: "Counted over time",
  portfolio: "Portfolio",
  behaviour: "Losses and repetition",
  tiers: "How much approval",
};

/** What is edited here; identity, mode and version of an account's policy are not. */
const FIXED = new Set(["v", "account_id", "mode"]);

function sections(view: PolicyView) {
  const found = new Map<string, { path: string; value: unknown }[]>();
  for (const { path } of POLICY_FIELDS) {
    const [head = "", ...rest] = path;
    if (FIXED.has(head)) continue;
    const name = rest.length === 0 ? "state" : head;
    const value = valueAt(view.document, path);
    // Lists of records are kept as they are; the form cannot say them well.
    if (Array.isArray(value) && RECORD_LISTS.has(path.join("."))) continue;
    found.set(name, [...(found.get(name) ?? []), { path: path.join("."), value }]);
  }
  return [...found].map(([name, fields]) => ({ name, fields }));
}

const RECORD_LISTS = new Set(["state.maintenance", "state.quiet_hours", "instruments.restricted"]);

/** The document as the form says it; whatever does not fit is refused by the schema afterwards. */
function documentFrom(
  view: PolicyView,
  form: URLSearchParams,
): { ok: true; document: unknown } | { ok: false; problem: string } {
  const document: unknown = JSON.parse(canonicalJson(view.document));
  for (const { fields } of sections(view)) {
    for (const { path, value } of fields) {
      const text = (form.get(path) ?? "").trim();
      if (typeof value === "boolean") {
        setAt(document, path, form.get(path) === "yes");
        continue;
      }
      if (!form.has(path)) return { ok: false, problem: "The form was incomplete." };
      if (text === textOf(value)) continue;
      setAt(document, path, parsed(path, value, text));
    }
  }
  return { ok: true, document };
}

/** Counts are numbers, amounts are decimal strings, lists are words; an empty field is no limit. */
function parsed(path: string, before: unknown, text: string): unknown {
  if (Array.isArray(before) || LISTS.has(path)) {
    const items = text === "" ? [] : text.split(/[\s,]+/);
    if (items.length === 0 && NULL_LISTS.has(path)) return null;
    return path.startsWith("instruments.conids") ? items.map(Number) : items;
  }
  if (text === "") return null;
  return typeof before === "number" || COUNTS.test(path) ? Number(text) : text;
}

const LISTS = new Set([
  "clients.allowed",
  "form.order_types",
  "form.times_in_force",
  "instruments.conids_allowed",
  "instruments.asset_classes",
  "instruments.exchanges",
  "instruments.currencies",
]);
const NULL_LISTS = LISTS;
const COUNTS =
  /(max_orders_per_\w+|max_messages_per_minute|max_round_trips|max_open_orders|repeat_(times|minutes)|_minutes|_seconds|_days|_days_to_expiry|_skew_ms|max_approvals_per_hour|cooldown_after_losses|stop_after_errors|fat_finger_least_orders)$/;

function valueAt(document: object, path: readonly string[]): unknown {
  let value: unknown = document;
  for (const key of path) {
    value =
      typeof value === "object" && value !== null && key in value
        ? Object.entries(value).find(([name]) => name === key)?.[1]
        : undefined;
  }
  return value;
}

function setAt(document: unknown, path: string, value: unknown): void {
  const keys = path.split(".");
  const last = keys.pop();
  let place: unknown = document;
  for (const key of keys) place = valueAt(Object(place), [key]);
  if (last !== undefined && typeof place === "object" && place !== null) {
    Object.assign(place, { [last]: value });
  }
}
