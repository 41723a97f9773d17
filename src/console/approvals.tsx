import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { PasskeyAssertion, readPasskeyJson } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { type Context, Hono } from "hono";
import type {
  ApprovalItem,
  ApprovalView,
  Decided,
} from "../../durable-objects/account/rpc/order-views.ts";
import { requireOwner } from "../owner/owner-session.ts";
import { displayText } from "../web/client-text.ts";
import { Command, WithCommands } from "../web/copyable-command.tsx";
import { ownerForm } from "../web/owner-form.ts";
import { Live, Message, Page, sendPage, When } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { PasskeyForm, useOptions } from "../web/passkey-form.tsx";
import type { Owner } from "../web/signed-in-owner.ts";
import { ApprovalResult, resultInWords, wordsOfState } from "./approval-result.tsx";
import { OrderCard } from "./order-card.tsx";
import { readShownNumber, SHOWN_NUMBER_LENGTH, SHOWN_NUMBER_PATTERN } from "./shown-number.ts";

/**
 * Where the owner says yes or no. A page that is only looked at does nothing: whatever decides is a
 * form that a signed-in owner sends, and yes needs the passkey over this very order.
 */
export const approvalsRoutes = new Hono<PageEnv>();

approvalsRoutes.get("/approvals", requireOwner, async (c) => {
  const owner = c.get("owner");
  const items = await owner.account.orders.listApprovals();
  const waiting = items.filter(({ state }) => state === "pending");
  const decided = items.filter(({ state }) => state !== "pending");
  const now = new Date();
  return sendPage(
    c,
    <Page title="Approvals" owner={owner} room="/approvals" live="/approvals">
      <div class="head">
        <h1>{waiting.length === 0 ? "Nothing waits for you" : "Waiting for you"}</h1>
        <p class="lead">An agent can ask; only you can approve, with your passkey.</p>
      </div>
      {waiting.length > 0 && <Items items={waiting} now={now} label="Waiting" />}
      {decided.length > 0 && <Items items={decided} now={now} label="Decided" />}
    </Page>,
  );
});

approvalsRoutes.get("/approvals/:id", requireOwner, async (c) => show(c, c.req.param("id")));

approvalsRoutes.post("/approvals/:id/approve", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  const approvalId = c.req.param("id");
  const assertion = readPasskeyJson(PasskeyAssertion, form.get("response") ?? "");
  if (assertion === null) {
    return show(c, approvalId, "No passkey came with it. Nothing was approved.");
  }
  const typed = {
    symbol: (form.get("symbol") ?? "").slice(0, 40),
    quantity: (form.get("quantity") ?? "").slice(0, 40),
    echo: readShownNumber(form.get("echo")),
  };
  const decided = await owner.account.orders.approveOrder({
    approvalId,
    assertion,
    typed,
    send: form.get("send") === "yes",
  });
  if (decided.ok) return c.redirect(`/approvals/${approvalId}#result`, 303);
  return show(c, approvalId, wordsFor(decided));
});

approvalsRoutes.post("/approvals/:id/deny", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const approvalId = c.req.param("id");
  const freeze = c.get("form").get("freeze") === "yes";
  const stopAgent = c.get("form").get("stop_agent") === "yes";
  const decided = await owner.account.orders.denyOrder({ approvalId, freeze, stopAgent });
  if (decided.ok) return c.redirect(`/approvals/${approvalId}#result`, 303);
  return show(c, approvalId, wordsFor(decided));
});

async function show(c: Context<PageEnv>, approvalId: string, problem?: string) {
  const owner = c.get("owner");
  const view = /^[A-Za-z0-9_-]{1,64}$/.test(approvalId)
    ? await owner.account.orders.approvalView(approvalId)
    : null;
  if (view === null) {
    await owner.account.orders.noteForeignLink();
    return sendPage(
      c,
      <Message
        title="There is no such request here"
        owner={owner}
        back={{ href: "/approvals", label: "Go to your approvals" }}
      >
        <p>
          You are signed in, but this request is not one of your account's. If somebody sent you the
          link, do not act on it.
        </p>
      </Message>,
      { status: 404 },
    );
  }
  return sendPage(c, <ApprovalPage c={c} owner={owner} view={view} problem={problem} />, {
    script: true,
    ...(problem === undefined ? {} : { status: 409 }),
  });
}

/** Nobody tells of a price, so an open request is read again this often. */
const OPEN_REREAD_SECONDS = 5;

const ENDS: Partial<Record<ApprovalView["state"], string>> = {
  approved: "Ends",
  reserved: "Valid until",
  consumed: "Valid until",
};

function ApprovalPage(props: {
  c: Context<PageEnv>;
  owner: Owner;
  view: ApprovalView;
  problem: string | undefined;
}) {
  const { c, owner, view, problem } = props;
  const now = new Date();
  const open = view.state === "pending" && view.ceremony !== null;
  const blocked = view.standsInTheWay.length > 0;
  return (
    <Page
      title={open ? "Approve an order" : resultInWords(view, now).words}
      owner={owner}
      room="/approvals"
      sheet
      live={`/approvals/${view.approvalId}`}
      parts
      {...(open ? { rereadSeconds: OPEN_REREAD_SECONDS } : {})}
    >
      {problem !== undefined && (
        <div class="note bad" role="alert">
          <p>
            <WithCommands text={problem} />
          </p>
        </div>
      )}
      <Live name="result" announced>
        {!open && <ApprovalResult view={view} now={now} />}
      </Live>
      <Live name="time">
        {open && (
          <p class="line">
            <strong>{displayText(view.client.name, 80)} asks</strong>
            <span>
              Time left{" "}
              <span data-until={view.expiresAt} role="timer">
                {timeLeft(view.expiresAt, now)}
              </span>
            </span>
          </p>
        )}
      </Live>
      <Live name="order">
        <OrderCard
          ticket={view.ticket}
          source={view.source}
          marketNow={view.marketNow}
          zones={view.zones}
          position={view.position ?? null}
        />
      </Live>
      <Live name="who">
        <WhoAsks view={view} now={now} />
      </Live>
      <Live name="obstacles" announced>
        {open && blocked && <Obstacles view={view} />}
      </Live>
      <Live name="decide">
        <div
          class={`stack${open && !blocked && isShort(view) ? " bottom-bar" : ""}`}
          {...(open ? { "data-ends": "" } : {})}
        >
          {open && !blocked && (
            <Approve c={c} owner={owner} view={view} send={view.sendsOnApproval} />
          )}
          {(open || view.state === "approved") && <Deny owner={owner} view={view} />}
        </div>
      </Live>
      <Live name="more">
        {(open || view.state === "approved") && (
          <details class="card">
            <summary>
              {open && !blocked && view.sendsOnApproval
                ? "Approve without sending, or freeze all trading"
                : "Freeze all trading"}
            </summary>
            {open && !blocked && view.sendsOnApproval && (
              <div data-ends="">
                <Approve c={c} owner={owner} view={view} send={false} />
              </div>
            )}
            <Freeze owner={owner} view={view} />
          </details>
        )}
      </Live>
      <p>
        <a href="/approvals">All approvals</a>
      </p>
    </Page>
  );
}

/** Nothing has to be typed, so that the buttons can stay in reach of a thumb. */
const isShort = ({ tier, source }: ApprovalView): boolean => tier === 1 && source === "simulator";

function WhoAsks({ view, now }: { view: ApprovalView; now: Date }) {
  return (
    <section class="card" aria-labelledby="who">
      <h2 id="who">Who asks</h2>
      <dl class="facts">
        <dt>Agent</dt>
        <dd>{displayText(view.client.name, 80)}</dd>
        <dt>Answers go to</dt>
        <dd class="mono">{view.client.redirectHost || "unknown"}</dd>
        <dt>Asked</dt>
        <dd>
          <When at={view.createdAt} now={now} />
          {view.askedInDay !== undefined && `, ${counted(view.askedInDay, "time")} in 24 hours`}
        </dd>
        {view.state !== "pending" && (
          <>
            <dt>{ENDS[view.state] ?? "Ended"}</dt>
            <dd>
              <When at={view.expiresAt} now={now} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Obstacles({ view }: { view: ApprovalView }) {
  return (
    <section class="note bad" aria-label="What stands in the way">
      <p>
        <strong>As things are now, this order would be refused:</strong>
      </p>
      <ul>
        {view.standsInTheWay.map((reason) => (
          <li>
            <WithCommands text={reason} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Approve(props: { c: Context<PageEnv>; owner: Owner; view: ApprovalView; send: boolean }) {
  const { c, owner, view, send } = props;
  const { ceremony } = view;
  if (ceremony === null) return null;
  if (ceremony.credentials.length === 0) {
    return (
      <section class="card next" aria-labelledby="no-passkey">
        <h2 id="no-passkey">You need a passkey to approve</h2>
        <p>
          Add one first, and accept it at your PC with{" "}
          <Command>{sidecarCommand("approvers add")}</Command>
        </p>
        <div class="actions">
          <a class="button" href="/security/passkeys/new">
            Add a passkey
          </a>
        </div>
      </section>
    );
  }
  const form = (button: string, fields: Record<string, string>, words: string) => (
    <PasskeyForm
      action={`/approvals/${view.approvalId}/approve`}
      ceremony={useOptions(c.get("settings"), ceremony)}
      fields={{ csrf: owner.session.csrf, ...fields }}
      button={button}
      {...(view.readUntil === null ? {} : { notBefore: view.readUntil })}
    >
      <TypedOut view={view} />
      <p class="soft small">{words}</p>
    </PasskeyForm>
  );
  return send
    ? form("Approve and send", { send: "yes" }, "It is sent at once, or not approved.")
    : form(
        `Approve ${whatIsApproved(view.ticket.order)}`,
        {},
        "The agent sends it afterwards, until the time is over.",
      );
}

function whatIsApproved(order: ApprovalView["ticket"]["order"]): string {
  if (order.action === "modify") return "this change";
  return principalLeg(order).side === "BUY" ? "this purchase" : "this sale";
}

/**
 * The number that only the PC shows: this page is the gateway's own, so a tap on it is not enough. At
 * the simulator the PC waives it below tier 2.
 */
function NumberAtPc({ view }: { view: ApprovalView }) {
  if (view.tier !== 2 && view.source === "simulator") return null;
  const exit = view.ticket.order.reduce_only;
  return (
    <>
      <label class="field">
        Number shown at your PC
        <input
          type="text"
          name="echo"
          inputmode="numeric"
          pattern={SHOWN_NUMBER_PATTERN}
          required={view.tier === 2 && !exit}
          maxlength={SHOWN_NUMBER_LENGTH}
          autocomplete="off"
        />
        <span class="hint">
          Four digits, on its terminal or as a notification. There is one try.
          {exit &&
            " Away from your PC? Leave it empty: a single reduce-only limit order near the market goes out without it, six times a day."}
        </span>
      </label>
      <p class="hint">
        To see the number again, run at the PC: <Command>{sidecarCommand("requests")}</Command>
      </p>
    </>
  );
}

/** Tier 2: the order in the owner's own hand. */
function TypedOut({ view }: { view: ApprovalView }) {
  if (view.tier !== 2) return <NumberAtPc view={view} />;
  return (
    <>
      <p>
        <strong>
          {view.ticket.order.mode === "live"
            ? "Real money: this one is to be typed out."
            : "This one is large enough to type out."}
        </strong>{" "}
        Copy it from above; do not copy it from the chat.
      </p>
      <label class="field">
        Symbol
        <input type="text" name="symbol" required maxlength={40} autocomplete="off" />
      </label>
      <label class="field">
        Quantity
        <input
          type="text"
          name="quantity"
          inputmode="decimal"
          required
          maxlength={40}
          autocomplete="off"
        />
      </label>
      <NumberAtPc view={view} />
    </>
  );
}

function Deny({ owner, view }: { owner: Owner; view: ApprovalView }) {
  const action = `/approvals/${view.approvalId}/deny`;
  return (
    <form method="post" action={action}>
      <input type="hidden" name="csrf" value={owner.session.csrf} />
      <div class="actions">
        <button class="quiet" type="submit">
          Deny
        </button>
        <button class="quiet" type="submit" name="stop_agent" value="yes">
          Deny and mute this agent
        </button>
      </div>
    </form>
  );
}

function Freeze({ owner, view }: { owner: Owner; view: ApprovalView }) {
  return (
    <form class="card" method="post" action={`/approvals/${view.approvalId}/deny`}>
      <input type="hidden" name="csrf" value={owner.session.csrf} />
      <input type="hidden" name="freeze" value="yes" />
      <div class="actions">
        <button class="danger" type="submit">
          Deny and freeze all trading
        </button>
      </div>
      <p class="soft small">It stays frozen until you lift it with your passkey.</p>
    </form>
  );
}

function Items({ items, now, label }: { items: ApprovalItem[]; now: Date; label: string }) {
  return (
    <section class="card" aria-label={label}>
      <h2>{label}</h2>
      <ul class="plain rows">
        {items.map((item) => (
          <li>
            <div class="line">
              <a href={`/approvals/${item.approvalId}`}>{item.inWords}</a>
              <span class={item.mode === "live" ? "tag bad" : "tag"}>
                {item.mode === "live" ? "Live" : "Paper"}
              </span>
            </div>
            <span class={`small state ${wordsOfState(item).tone}`}>{wordsOfState(item).words}</span>
            <span class="small soft">
              {displayText(item.clientName, 80)}, <When at={item.createdAt} now={now} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function timeLeft(expiresAt: string, now: Date): string {
  const seconds = Math.max(0, Math.floor((Date.parse(expiresAt) - now.getTime()) / 1_000));
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

function wordsFor(decided: Extract<Decided, { ok: false }>): string {
  switch (decided.reason) {
    case "no_such_request":
      return "There is no such request in your account. Nothing was approved.";
    case "not_open":
      return `${decided.detail} Nothing was changed.`;
    case "passkey":
      return "That passkey did not sign this order. Nothing was approved.";
    case "typed":
    case "too_soon":
    case "number":
    case "pc":
      return `${decided.detail} Nothing was approved.`;
    case "stands_in_the_way":
      return `Nothing was approved, because the order would be refused now. ${decided.detail}`;
    case "not_sent":
      return `Nothing was sent, and so nothing was approved. ${decided.detail} The request stays open until its time is over.`;
  }
}
