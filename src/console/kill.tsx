import {
  KILL_EFFECTS,
  type KillEffect,
  type KillScope,
} from "@ibkr-edge-gateway/policy/kill-table.ts";
import { PasskeyAssertion, readPasskeyJson } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { type Context, Hono } from "hono";
import type { TradingSettings } from "../../durable-objects/account/rpc/order-views.ts";
import { requireOwner } from "../owner/owner-session.ts";
import { displayText } from "../web/client-text.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Page, sendPage, When } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { PasskeyForm, useOptions } from "../web/passkey-form.tsx";
import type { Owner } from "../web/signed-in-owner.ts";
import { askedElsewhere, OnApprovalPage } from "./on-approval-page.tsx";

/**
 * The kill switch: one tap engages it, for everything, one account or one agent; lifting takes the
 * passkey and says what resumes.
 */
export const killRoutes = new Hono<PageEnv>();

const EVERYTHING = { scope: "gateway" as const, subject: null };

killRoutes.post("/trading/kill", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  const asked = form.get("effect");
  const effect: KillEffect = KILL_EFFECTS.find((known) => known === asked) ?? "freeze";
  // Whatever cannot be read stops everything: a stop must never miss.
  const named = killNamed(form.get("scope") ?? undefined, form.get("subject") ?? undefined);
  const covers =
    named === null || (named.scope !== "gateway" && named.subject === null) ? EVERYTHING : named;
  await owner.account.trading.engageKill({
    ...covers,
    effect,
    reason: "Engaged by the owner in the console.",
  });
  const next = effect === "freeze_cancel_and_show_flatten" ? "/trading/flatten" : "/trading";
  return c.redirect(next, 303);
});

killRoutes.get("/trading/lift", requireOwner, async (c) => {
  const named = killNamed(c.req.query("scope"), c.req.query("subject"));
  return named === null ? c.redirect("/trading", 303) : showLift(c, named);
});

killRoutes.post("/trading/lift", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  const named = killNamed(form.get("scope") ?? undefined, form.get("subject") ?? undefined);
  if (named === null) return c.redirect("/trading", 303);
  const assertion = readPasskeyJson(PasskeyAssertion, form.get("response") ?? "");
  const terms = { nonce: form.get("nonce") ?? "", notAfter: form.get("not_after") ?? "" };
  const lifted =
    assertion !== null &&
    /^[0-9a-f]{32}$/.test(terms.nonce) &&
    (await owner.account.trading.liftKill({ ...named, terms, assertion }));
  if (lifted) return c.redirect("/trading", 303);
  return showLift(
    c,
    named,
    "That did not lift it. Something changed meanwhile, or the passkey did not match.",
  );
});

killRoutes.post("/trading/lift/elsewhere", requireOwner, ownerForm, async (c) => {
  const form = c.get("form");
  const named = killNamed(form.get("scope") ?? undefined, form.get("subject") ?? undefined);
  if (named === null) return c.redirect("/trading", 303);
  const wanted = { act: "lift_kill_switch" as const, ...named };
  return askedElsewhere(c, await c.get("owner").account.trading.confirmElsewhere(wanted));
});

interface KillName {
  scope: KillScope;
  subject: string | null;
}

function killNamed(scope: string | undefined, subject: string | undefined): KillName | null {
  const known = (["gateway", "broker_account", "agent"] as const).find((name) => name === scope);
  return known === undefined ? null : { scope: known, subject: subject || null };
}

async function showLift(c: Context<PageEnv>, named: KillName, problem?: string) {
  const owner = c.get("owner");
  const [ceremony, settings] = await Promise.all([
    owner.account.trading.beginLift(named),
    owner.account.trading.tradingSettings(),
  ]);
  if (ceremony === null) return c.redirect("/trading", 303);
  const others = settings.kill.switches.filter(
    (kill) => !(kill.scope === named.scope && kill.subject === named.subject),
  );
  return sendPage(
    c,
    <Page title="Lift the kill switch" owner={owner} room="/trading" narrow>
      <h1>Lift the kill switch?</h1>
      {problem !== undefined && (
        <div class="note bad" role="alert">
          <p>{problem}</p>
        </div>
      )}
      <PasskeyForm
        action="/trading/lift"
        ceremony={useOptions(c.get("settings"), ceremony)}
        fields={{
          csrf: owner.session.csrf,
          scope: named.scope,
          subject: named.subject ?? "",
          nonce: ceremony.nonce,
          not_after: ceremony.notAfter,
        }}
        button="Lift it with your passkey"
      >
        <p>What resumes for {scopeInWords(named, settings)}:</p>
        <ul>
          <li>Agents can prepare orders and ask you again; each still needs your approval.</li>
          {settings.mandates > 0 && (
            <li>
              Orders inside your <a href="/mandates">mandates in force</a> ({settings.mandates}) go
              without a tap.
            </li>
          )}
          {settings.paper && <li>Approved orders go to paper accounts.</li>}
          {settings.live && <li>Approved orders go to live accounts, with real money.</li>}
          {!settings.paper && !settings.live && <li>No order: paper and live are switched off.</li>}
        </ul>
        <p class="soft">
          Nothing that was refused or cancelled is sent again.
          {others.length === 1 && " One other switch stays engaged."}
          {others.length > 1 && ` ${others.length} other switches stay engaged.`}
        </p>
      </PasskeyForm>
      <OnApprovalPage
        action="/trading/lift/elsewhere"
        fields={{
          csrf: owner.session.csrf,
          scope: named.scope,
          subject: named.subject ?? "",
        }}
      />
      <p>
        <a href="/trading">Leave it engaged</a>
      </p>
    </Page>,
    { script: true, ...(problem === undefined ? {} : { status: 409 }) },
  );
}

export function Kill({
  settings,
  owner,
  now,
}: {
  settings: TradingSettings;
  owner: Owner;
  now: Date;
}) {
  const { switches } = settings.kill;
  const all = switches.some(({ scope }) => scope === "gateway");
  return (
    <section class="card" aria-labelledby="kill">
      <h2 id="kill">Kill switch</h2>
      {switches.length === 0 ? (
        <p class="state ok">Not engaged</p>
      ) : (
        <ul class="plain rows">
          {switches.map((kill) => (
            <li>
              <p class="state bad big">Engaged for {scopeInWords(kill, settings)}</p>
              <span class="small soft">
                By {kill.actor === "owner" ? "you" : `the ${kill.actor}`},{" "}
                <When at={kill.engagedAt} now={now} />: {kill.reason}
              </span>
              {kill.scope !== "sidecar" && (
                <div class="actions">
                  <a
                    class="button quiet"
                    href={`/trading/lift?scope=${kill.scope}&subject=${encodeURIComponent(kill.subject ?? "")}`}
                  >
                    Lift
                  </a>
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
      <form method="post" action="/trading/kill">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <p class="soft">
          {all
            ? "New orders and changes are stopped. What still works at the broker can be cancelled."
            : "Stops new orders and changes at once. Working orders can still be cancelled, and exits approved by you still pass."}
        </p>
        <div class="actions">
          {!all && (
            <button class="danger" type="submit" name="effect" value="freeze">
              Stop all trading
            </button>
          )}
          <button class="danger" type="submit" name="effect" value="freeze_and_cancel">
            {all ? "Cancel working orders" : "Stop and cancel working orders"}
          </button>
        </div>
      </form>
      <p>
        <a href="/trading/flatten">What closing every position would take</a>
      </p>
      {!all && <Narrower settings={settings} owner={owner} />}
    </section>
  );
}

/** Stops one broker account, or one agent, and nothing else. */
function Narrower({ settings, owner }: { settings: TradingSettings; owner: Owner }) {
  const engaged = new Set(
    settings.kill.switches.map(({ scope, subject }) => `${scope} ${subject ?? ""}`),
  );
  const targets = [
    ...settings.policies.map(({ brokerAccount }) => ({
      scope: "broker_account" as const,
      subject: brokerAccount,
      name: `Account ${brokerAccount}`,
    })),
    ...settings.agents.map(({ clientId, name }) => ({
      scope: "agent" as const,
      subject: clientId,
      name: `Agent ${displayText(name, 60)}`,
    })),
  ].filter(({ scope, subject }) => !engaged.has(`${scope} ${subject}`));
  if (targets.length === 0) return null;
  return (
    <details>
      <summary>Stop one account or one agent</summary>
      <ul class="plain rows">
        {targets.map(({ scope, subject, name }) => (
          <li>
            <form class="line" method="post" action="/trading/kill">
              <input type="hidden" name="csrf" value={owner.session.csrf} />
              <input type="hidden" name="scope" value={scope} />
              <input type="hidden" name="subject" value={subject} />
              <span>{name}</span>
              <span class="actions">
                <button class="danger" type="submit" name="effect" value="freeze">
                  Stop<span class="visually-hidden"> {name}</span>
                </button>
                <button class="danger" type="submit" name="effect" value="freeze_and_cancel">
                  Stop and cancel<span class="visually-hidden"> the orders of {name}</span>
                </button>
              </span>
            </form>
          </li>
        ))}
      </ul>
    </details>
  );
}

function scopeInWords(
  { scope, subject }: { scope: KillScope; subject: string | null },
  settings: Pick<TradingSettings, "agents">,
): string {
  switch (scope) {
    case "gateway":
      return "every account";
    case "broker_account":
      return `account ${subject ?? ""}`;
    case "agent":
      return `the agent ${displayText(
        settings.agents.find(({ clientId }) => clientId === subject)?.name ?? "that is gone",
        60,
      )}`;
    case "sidecar":
      return "this PC";
  }
}
