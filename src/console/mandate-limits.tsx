import { PasskeyAssertion, readPasskeyJson } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { type Context, Hono } from "hono";
import type {
  MandateChoices,
  MandateView,
} from "../../durable-objects/account/rpc/mandate-views.ts";
import { requireOwner } from "../owner/owner-session.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Page, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { PasskeyForm, useOptions } from "../web/passkey-form.tsx";
import { mandateRefused, parsedJson } from "./mandate-refused.tsx";

/** An account's limits have to let mandates in as well: a change of limits, signed as one. */
export const mandateLimitsRoutes = new Hono<PageEnv>();

mandateLimitsRoutes.get("/mandates/limits", requireOwner, async (c) => {
  const owner = c.get("owner");
  const account = c.req.query("account") ?? "";
  const begun = await limitsChange(c, account);
  if (begun === null) return c.redirect("/mandates", 303);
  const { ceremony, fields, letIn } = begun;
  return sendPage(
    c,
    <Page title="Mandates and limits" owner={owner} room="/mandates" narrow>
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

mandateLimitsRoutes.post("/mandates/limits", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const given = c.get("form");
  const document = parsedJson(given.get("document") ?? "");
  const response = given.get("response") ?? "";
  const assertion = response === "" ? null : readPasskeyJson(PasskeyAssertion, response);
  if (document === null || (response !== "" && assertion === null)) {
    return c.redirect("/mandates", 303);
  }
  const terms = { nonce: given.get("nonce") ?? "", notAfter: given.get("not_after") ?? "" };
  const outcome = await owner.account.trading.changePolicy({
    document,
    basedOn: given.get("based_on") ?? "",
    signed: assertion === null ? null : { terms, assertion },
  });
  return outcome.ok
    ? c.redirect("/mandates", 303)
    : mandateRefused(c, outcome.detail || "The limits were not changed.");
});

async function limitsChange(c: Context<PageEnv>, account: string) {
  const owner = c.get("owner");
  const { policies } = await owner.account.trading.tradingSettings();
  const policy = policies.find(({ brokerAccount }) => brokerAccount === account);
  if (policy === undefined) return null;
  const letIn = policy.document.tiers.tier_zero === "mandate";
  const document = {
    ...policy.document,
    tiers: { ...policy.document.tiers, tier_zero: letIn ? "never" : "mandate" },
  };
  const begun = await owner.account.trading.beginPolicy({ document, basedOn: policy.hash });
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

/** Accounts whose own limits keep mandates out, so that a signed one does nothing there. */
export function LetIn({ choices, standing }: { choices: MandateChoices; standing: MandateView[] }) {
  const named = new Set(standing.flatMap(({ mandate }) => mandate.accounts));
  const shown = choices.accounts.filter(({ brokerAccount }) => named.has(brokerAccount));
  return (
    <>
      {shown.map(({ brokerAccount, letIn }) => (
        <section class={letIn ? "card" : "note warn"} aria-label={`Limits of ${brokerAccount}`}>
          <p>
            {letIn
              ? `The limits of ${brokerAccount} let mandates in.`
              : `The limits of ${brokerAccount} do not let mandates in yet: every order there needs your tap.`}
          </p>
          <div class="actions">
            <a class="button quiet" href={`/mandates/limits?account=${brokerAccount}`}>
              {letIn ? "Let none in any more" : "Let mandates in"}
            </a>
          </div>
        </section>
      ))}
    </>
  );
}
