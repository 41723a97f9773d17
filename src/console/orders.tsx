import { PasskeyAssertion, readPasskeyJson } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { type Context, Hono } from "hono";
import type {
  AlertItem,
  AnswerCeremony,
  OrderListItem,
  OrdersPage,
} from "../../durable-objects/account/rpc/order-views.ts";
import { requireOwner } from "../owner/owner-session.ts";
import { displayText } from "../web/client-text.ts";
import { Command, WithCommands } from "../web/copyable-command.tsx";
import { ownerForm } from "../web/owner-form.ts";
import { Message, Page, sendPage, When } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { PasskeyForm, useOptions } from "../web/passkey-form.tsx";
import type { Owner } from "../web/signed-in-owner.ts";
import { ALERTS } from "./alert-words.ts";
import { readShownNumber, SHOWN_NUMBER_LENGTH, SHOWN_NUMBER_PATTERN } from "./shown-number.ts";

/** What was sent, what became of it, and what the owner must look at. */
export const ordersRoutes = new Hono<PageEnv>();

ordersRoutes.get("/orders", requireOwner, async (c) => {
  const owner = c.get("owner");
  const page = await owner.account.orders.ordersPage();
  // A page that keeps itself up to date may not be looked at.
  if (c.req.header("X-Reread") === undefined) await owner.account.orders.markAlertsSeen();
  const now = new Date();
  return sendPage(
    c,
    <Page title="Orders" owner={owner} room="/orders" live="/orders">
      <div class="head">
        <h1>Orders</h1>
        <p class="lead">
          Sent through this gateway, newest first. Orders placed elsewhere are not here.
        </p>
      </div>
      {page.pending > 0 && (
        <p class="note warn">
          <a href="/approvals">
            {page.pending === 1 ? "One order waits" : `${page.pending} orders wait`} for your
            approval
          </a>
        </p>
      )}
      {page.alerts.length > 0 && <Alerts page={page} owner={owner} now={now} />}
      <section class="card" aria-labelledby="sent">
        <h2 id="sent">Sent</h2>
        {page.orders.length === 0 ? (
          <p class="soft">None yet.</p>
        ) : (
          <ul class="plain rows">
            {page.orders.map((item) => (
              <Item item={item} owner={owner} now={now} />
            ))}
          </ul>
        )}
      </section>
    </Page>,
  );
});

ordersRoutes.post("/orders/cancel", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  const alert = form.get("alert");
  const wanted = alert === null ? { coid: form.get("coid") ?? "" } : { alert };
  const done = await owner.account.orders.ownerCancel(wanted);
  if (done.ok) return c.redirect("/orders", 303);
  return told(c, "Not cancelled", done.message);
});

/** The proof of one order, as a file to keep; with `file`, what suggests whom to trust. */
ordersRoutes.get("/orders/proof", requireOwner, async (c) => {
  const coid = c.req.query("ref") ?? "";
  const found = await c.get("owner").account.orders.orderProof(coid);
  if (found.kind !== "proof") return told(c, "No proof yet", NO_PROOF[found.kind]);
  const [text, name] =
    c.req.query("file") === "policy"
      ? [found.policy, "trust.policy"]
      : c.req.query("file") === "keys"
        ? [found.keys, `${coid}.keys`]
        : [found.text, `${coid}.tlog-proof`];
  return c.body(text, 200, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Disposition": `attachment; filename="${name}"`,
    "Cache-Control": "private, no-store",
  });
});

const NO_PROOF = {
  unknown_order: "No order of this gateway has that reference, or its record was removed.",
  not_settled: "The order has not ended yet, so its proof is not complete.",
  not_kept:
    "The order has ended, and no proof of it is kept: it was erased, or nobody approved the order here. The log's entries of it stay.",
  not_signed: "No signed head of the log covers the order's end yet. Try again in a minute.",
  no_key: "Your PC has not told of the passkey that approved it yet.",
} as const;

ordersRoutes.get("/orders/question", requireOwner, async (c) => {
  const owner = c.get("owner");
  const coid = c.req.query("ref") ?? "";
  const [page, ceremony] = await Promise.all([
    owner.account.orders.ordersPage(),
    owner.account.orders.beginAnswer(coid),
  ]);
  const item = page.orders.find(({ order }) => order.order_ref === coid);
  const question = item?.order.question ?? null;
  if (item === undefined || question === null || ceremony === null) {
    return c.redirect("/orders", 303);
  }
  return sendPage(
    c,
    <Page title="The broker asks" owner={owner} room="/orders" narrow>
      <h1>The broker asks</h1>
      <section class="card">
        {ceremony.order.length === 0 ? (
          <p>{item.inWords ?? "An order"}</p>
        ) : (
          <dl class="facts">
            {ceremony.order.map(({ name, says }) => (
              <>
                <dt>{name}</dt>
                <dd>{says}</dd>
              </>
            ))}
          </dl>
        )}
        <div class="note warn">
          {ceremony.asks.map(({ says }) => (
            <p>{says}</p>
          ))}
        </div>
        <p class="soft small">
          {question.reason} Unanswered, your PC declines it{" "}
          <When at={question.lapses_at} now={new Date()} />.
        </p>
      </section>
      <PasskeyForm
        action="/orders/answer"
        ceremony={useOptions(c.get("settings"), ceremony)}
        fields={{
          csrf: owner.session.csrf,
          coid,
          say: "yes",
          nonce: ceremony.nonce,
          not_after: ceremony.notAfter,
        }}
        button="Say yes with your passkey"
      >
        <NumberField number={ceremony.number} />
      </PasskeyForm>
      <form class="card" method="post" action="/orders/answer">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <input type="hidden" name="coid" value={coid} />
        <input type="hidden" name="say" value="no" />
        <div class="actions">
          <button class="quiet" type="submit">
            Say no
          </button>
        </div>
      </form>
    </Page>,
    { script: true },
  );
});

ordersRoutes.post("/orders/answer", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  const confirm = form.get("say") === "yes";
  const assertion = confirm ? readPasskeyJson(PasskeyAssertion, form.get("response") ?? "") : null;
  const terms = { nonce: form.get("nonce") ?? "", notAfter: form.get("not_after") ?? "" };
  const done = await owner.account.orders.answerQuestion({
    coid: form.get("coid") ?? "",
    confirm,
    signed: assertion === null ? null : { terms, assertion },
    echo: readShownNumber(form.get("echo")),
  });
  return done.ok ? c.redirect("/orders", 303) : told(c, "Not answered", done.message);
});

/** The yes takes what placing the order took: the number that only the PC shows. */
function NumberField({ number }: { number: AnswerCeremony["number"] }) {
  if (number === "none") return null;
  return (
    <>
      <label class="field">
        Number shown at your PC
        <input
          type="text"
          name="echo"
          inputmode="numeric"
          pattern={SHOWN_NUMBER_PATTERN}
          required={number === "needed"}
          maxlength={SHOWN_NUMBER_LENGTH}
          autocomplete="off"
        />
        <span class="hint">
          {number === "needed"
            ? "It stands beside this question on its terminal or as a notification. There is one try."
            : "If your PC shows one beside this question. There is one try."}
        </span>
      </label>
      <p class="hint">
        To see the number again, run at the PC: <Command>{sidecarCommand("requests")}</Command>
      </p>
    </>
  );
}

function told(c: Context<PageEnv>, title: string, message: string) {
  return sendPage(
    c,
    <Message title={title} owner={c.get("owner")} back={{ href: "/orders", label: "Back" }}>
      <p>
        <WithCommands text={message} />
      </p>
    </Message>,
    { status: 409 },
  );
}

const TONES: Record<string, "ok" | "warn" | "bad" | "idle"> = {
  filled: "ok",
  working: "ok",
  partially_filled: "ok",
  accepted: "warn",
  submitting: "warn",
  awaiting_confirmation: "warn",
  unknown: "bad",
  reconciling: "bad",
  needs_owner: "bad",
};

/** Also what nobody knows yet: it is cancelled if it stands. */
const CAN_CANCEL = new Set([
  "accepted",
  "working",
  "partially_filled",
  "unknown",
  "reconciling",
  "needs_owner",
]);

function Item({ item, owner, now }: { item: OrderListItem; owner: Owner; now: Date }) {
  const { order } = item;
  const words = item.inWords ?? (order.action === "cancel" ? "A cancel request" : "An order");
  return (
    <li>
      <div class="line">
        {item.approvalId === null ? (
          <strong>{words}</strong>
        ) : (
          <a href={`/approvals/${item.approvalId}`}>{words}</a>
        )}
        <span class={item.mode === "live" ? "tag bad" : "tag"}>
          {item.mode === "live" ? "Live" : "Paper"}
        </span>
      </div>
      <span class={`state ${TONES[order.state] ?? "idle"}`}>
        {order.state.replaceAll("_", " ")}
      </span>
      <span class="small">{order.means}</span>
      {order.refusals.map(({ message }) => (
        <span class="small">
          <WithCommands text={message} />
        </span>
      ))}
      <span class="small soft">
        {displayText(item.clientName, 80)}, <When at={item.createdAt} now={now} />,{" "}
        <span class="mono">{order.order_ref}</span>
      </span>
      {order.action !== "cancel" && ENDED.has(order.state) && (
        <span class="small">
          <a href={`/orders/proof?ref=${order.order_ref}`}>
            Download its proof<span class="visually-hidden"> of {words}</span>
          </a>
          , and to check it a suggested{" "}
          <a href={`/orders/proof?ref=${order.order_ref}&file=policy`}>trust policy</a> and{" "}
          <a href={`/orders/proof?ref=${order.order_ref}&file=keys`}>list of keys</a>
        </span>
      )}
      {order.question !== null && (
        <a class="button" href={`/orders/question?ref=${order.order_ref}`}>
          Read the broker's question
        </a>
      )}
      {order.action === "place" && CAN_CANCEL.has(order.state) && (
        <form method="post" action="/orders/cancel">
          <input type="hidden" name="csrf" value={owner.session.csrf} />
          <input type="hidden" name="coid" value={order.order_ref} />
          <div class="actions">
            <button class="quiet" type="submit">
              Cancel<span class="visually-hidden"> {words}</span>
            </button>
          </div>
        </form>
      )}
    </li>
  );
}

function Alerts({ page, owner, now }: { page: OrdersPage; owner: Owner; now: Date }) {
  const { alerts, orders } = page;
  const placed = new Map(
    orders
      .filter(({ order }) => order.action === "place")
      .map((item) => [item.order.order_ref, item]),
  );
  return (
    <section class="card" aria-labelledby="alerts">
      <h2 id="alerts">Look at these</h2>
      <ul class="plain rows">
        {alerts.map((alert) => (
          <li>
            <div class="line">
              <strong>{ALERTS[alert.kind] ?? alert.kind.replaceAll("_", " ")}</strong>
              {!alert.seen && <span class="tag warn">New</span>}
            </div>
            <span>
              <WithCommands text={alert.message} />
            </span>
            {alert.brokerText !== null && (
              <span class="small soft">
                The broker's words: {displayText(alert.brokerText, 500)}
              </span>
            )}
            <span class="small soft">
              <When at={alert.at} now={now} />
              {alert.coid !== null && (
                <>
                  {" "}
                  <span class="mono">{alert.coid}</span>
                </>
              )}
            </span>
            {offersCancel(alert, placed.get(alert.coid ?? "")) && (
              <form method="post" action="/orders/cancel">
                <input type="hidden" name="csrf" value={owner.session.csrf} />
                <input type="hidden" name="alert" value={alert.key} />
                <div class="actions">
                  <button class="danger" type="submit">
                    Cancel {alert.cancelOffered.length > 1 ? "what stands of it" : "it"} now
                    <span class="visually-hidden">
                      {" "}
                      {placed.get(alert.coid ?? "")?.inWords ?? "the order"}
                    </span>
                  </button>
                </div>
              </form>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

const ENDED = new Set(["filled", "cancelled", "rejected", "expired"]);
const CANCELLABLE = new Set(["unprotected_position", "cancel_refused", "resurrected"]);

/** Of an order of this gateway of which something may still fill, where an alert offers it. */
function offersCancel(alert: AlertItem, of: OrderListItem | undefined): boolean {
  if (of === undefined || !CANCELLABLE.has(alert.kind)) return false;
  const { orders, state } = of.order;
  return alert.cancelOffered.length === 0
    ? !ENDED.has(state)
    : orders.some(
        (part) =>
          part.order_id !== null &&
          alert.cancelOffered.includes(part.order_id) &&
          !ENDED.has(part.state),
      );
}
