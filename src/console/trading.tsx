import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { type Context, Hono } from "hono";
import type { TradingSettings } from "../../durable-objects/account/rpc/order-views.ts";
import { confirmFirst, needsConfirmation } from "../owner/confirm.tsx";
import { requireOwner } from "../owner/owner-session.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Message, Page, sendPage, When } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { returnPath } from "../web/return-path.ts";
import type { Owner } from "../web/signed-in-owner.ts";
import { Kill } from "./kill.tsx";

/** The owner's switches for trading: paper, and live with its checklist. */
export const tradingRoutes = new Hono<PageEnv>();

tradingRoutes.get("/trading", requireOwner, async (c) => {
  const owner = c.get("owner");
  const settings = await owner.account.trading.tradingSettings();
  const origin = c.get("settings").publicOrigin;
  const now = new Date();
  return sendPage(
    c,
    <Page title="Trading" owner={owner} room="/trading" live="/trading">
      <div class="head">
        <h1>Trading</h1>
        <p class="lead">
          Nothing can be sent unless it is switched on here and at your PC, and you approve it.
        </p>
      </div>
      <Kill settings={settings} owner={owner} now={now} />
      <div class="grid two">
        <Switch mode="paper" settings={settings} owner={owner} origin={origin} />
        <Switch mode="live" settings={settings} owner={owner} origin={origin} />
      </div>
      <Checklist settings={settings} owner={owner} now={now} />
      <Policies settings={settings} now={now} />
    </Page>,
  );
});

tradingRoutes.post("/trading/switch", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  const mode = form.get("mode") === "live" ? "live" : "paper";
  const on = form.get("on") === "yes";
  if (on && (await needsConfirmation(owner))) return confirmFirst(c, form, "/trading");
  const done = await owner.account.trading.switchTrading({ mode, on });
  if (done === "done") {
    // Whoever pressed it on another page goes on there.
    const next = returnPath(form.get("next") ?? "/trading", c.get("settings").publicOrigin);
    return c.redirect(next, 303);
  }
  if (done === "not_confirmed") return confirmFirst(c, form, "/trading");
  return refused(
    c,
    done === "no_passkey"
      ? "Add a passkey first: without one nothing could be approved."
      : "Tick every item of the checklist first, one by one.",
  );
});

tradingRoutes.post("/trading/checklist", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  if (await needsConfirmation(owner)) return confirmFirst(c, c.get("form"), "/trading");
  const item = c.get("form").get("item") ?? "";
  await owner.account.trading.tickChecklist(item);
  return c.redirect("/trading", 303);
});

function refused(c: Context<PageEnv>, words: string) {
  const owner = c.get("owner");
  return sendPage(
    c,
    <Message title="Not switched on" owner={owner} back={{ href: "/trading", label: "Back" }}>
      <p>{words}</p>
    </Message>,
    { status: 409 },
  );
}

function Switch(props: {
  mode: "paper" | "live";
  settings: TradingSettings;
  owner: Owner;
  origin: string;
}) {
  const { mode, settings, owner, origin } = props;
  const on = settings[mode];
  const atPc = settings.pc[mode];
  const name = mode === "paper" ? "Paper orders" : "Live orders";
  return (
    <section class="card" aria-labelledby={mode}>
      <h2 id={mode}>{name}</h2>
      <p class={`state big ${on ? (mode === "live" ? "warn" : "ok") : "idle"}`}>
        {on ? "On" : "Off"}
      </p>
      <p class="small soft">
        At your PC: {atPc ? "on" : "off, or not connected"}.
        {mode === "live" ? " Real money." : " No real money."}
      </p>
      {mode === "live" && !atPc && <AtThePc settings={settings} origin={origin} />}
      <form method="post" action="/trading/switch">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <input type="hidden" name="mode" value={mode} />
        <input type="hidden" name="on" value={on ? "no" : "yes"} />
        <div class="actions">
          <button class={on || mode === "live" ? "quiet" : ""} type="submit">
            {on ? `Switch ${mode} orders off` : `Switch ${mode} orders on`}
          </button>
        </div>
      </form>
    </section>
  );
}

function AtThePc({ settings, origin }: { settings: TradingSettings; origin: string }) {
  // Named where it is known here; else the command asks for it.
  const live = settings.policies.find(({ document }) => document.mode === "live");
  const command =
    live === undefined
      ? sidecarCommand("policy live on")
      : sidecarCommand(`policy live on --account ${live.brokerAccount}`);
  return (
    <details>
      <summary>How to switch them on at the PC</summary>
      <div class="stack">
        <p class="small">At the PC, name the account that may trade, and type live when asked:</p>
        <code class="copy">{command}</code>
        <p class="small">Then pair the PC again, and tick live orders on the page:</p>
        <code class="copy">{`${sidecarCommand("pair")} ${origin} --replace`}</code>
      </div>
    </details>
  );
}

const ITEMS: Record<string, string> = {
  paper_trading_validated: "I have placed paper orders and looked at what became of them.",
  approvals_reviewed: "I have approved and denied orders, and know what the page shows.",
  limits_reviewed: "I have read the limits of my live account and they are what I want.",
  kill_switch_tested: "I have engaged and lifted the kill switch, here and at the PC.",
  incident_runbook_reviewed:
    "I have read docs/incidents.md, and know what to do when an order's outcome is unknown.",
};

function Checklist({
  settings,
  owner,
  now,
}: {
  settings: TradingSettings;
  owner: Owner;
  now: Date;
}) {
  return (
    <section class="card" aria-labelledby="checklist">
      <h2 id="checklist">From paper to live</h2>
      <p class="soft">
        Each is yours to tick, one by one. Live orders stay off until all five are.
      </p>
      <ol class="plain rows">
        {settings.checklist.map(({ item, tickedAt }) => (
          <li class="tickable">
            <span>{ITEMS[item] ?? item}</span>
            {tickedAt === null ? (
              <form method="post" action="/trading/checklist">
                <input type="hidden" name="csrf" value={owner.session.csrf} />
                <input type="hidden" name="item" value={item} />
                <button class="quiet" type="submit">
                  Tick<span class="visually-hidden"> {ITEMS[item] ?? item}</span>
                </button>
              </form>
            ) : (
              <span class="state ok small">
                Ticked <When at={tickedAt} now={now} />
              </span>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Policies({ settings, now }: { settings: TradingSettings; now: Date }) {
  return (
    <section class="card" aria-labelledby="policies">
      <h2 id="policies">Limits</h2>
      {settings.policies.length === 0 ? (
        <p class="soft">
          An account gets careful limits of its own with its first preview; then you can change them
          here.
        </p>
      ) : (
        <ul class="plain rows">
          {settings.policies.map(({ brokerAccount, version, document, waiting }) => (
            <li>
              <div class="line">
                <a href={`/trading/policy?account=${brokerAccount}`} class="mono">
                  {brokerAccount}
                </a>
                <span class={document.mode === "live" ? "tag bad" : "tag"}>
                  {document.mode === "live" ? "Live" : "Paper"}
                </span>
              </div>
              <span class="small soft">
                At most {document.order.max_notional ?? "no limit"} an order,{" "}
                {counted(document.cumulative.max_orders_per_day ?? "any number of", "order")} a day.
                Version {version}.
                {waiting !== null && (
                  <>
                    {" "}
                    Looser limits take effect <When at={waiting.effectiveAt} now={now} />.
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
