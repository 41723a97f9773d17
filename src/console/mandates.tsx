import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { type Context, Hono } from "hono";
import type { MandateView } from "../../durable-objects/account/rpc/mandate-views.ts";
import { requireOwner } from "../owner/owner-session.ts";
import { displayText } from "../web/client-text.ts";
import { Command, WithCommands } from "../web/copyable-command.tsx";
import { ownerForm } from "../web/owner-form.ts";
import { Message, Page, sendPage, When } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import type { Owner } from "../web/signed-in-owner.ts";
import { LetIn } from "./mandate-limits.tsx";
import { Lines } from "./mandate-lines.tsx";
import { readShownNumber, SHOWN_NUMBER_LENGTH, SHOWN_NUMBER_PATTERN } from "./shown-number.ts";

/**
 * The owner's standing permissions: what each allows in plain words, how it stands here and at the
 * PC, what was used of it, and its end, which takes one tap and no passkey.
 */
export const mandatesRoutes = new Hono<PageEnv>();

mandatesRoutes.get("/mandates", requireOwner, async (c) => {
  const owner = c.get("owner");
  const [mandates, choices] = await Promise.all([
    owner.account.mandates.listMandates(),
    owner.account.mandates.mandateChoices(),
  ]);
  const standing = mandates.filter(({ state }) => !ENDED.has(state));
  const ended = mandates.filter(({ state }) => ENDED.has(state));
  const now = new Date();
  return sendPage(
    c,
    <Page title="Mandates" owner={owner} room="/mandates" live="/mandates">
      <div class="head">
        <h1>{standing.length === 0 ? "Every order needs your tap" : "Mandates"}</h1>
        <p class="lead">
          A mandate lets an agent place orders without your tap, inside bounds that you sign once.
          Limits, kill switches and your PC's own caps hold all the same.
        </p>
      </div>
      {standing.length > 0 && (
        <section class="card" aria-labelledby="standing">
          <h2 id="standing">Standing</h2>
          <ul class="plain rows">
            {standing.map((view) => (
              <Row view={view} owner={owner} now={now} />
            ))}
          </ul>
        </section>
      )}
      <LetIn choices={choices} standing={standing} />
      <section class="card" aria-labelledby="another">
        <h2 id="another">{standing.length === 0 ? "Make one" : "Make another"}</h2>
        <p class="soft">
          Name the account, the agent, what may be bought or sold, how much, and until when.
        </p>
        <div class="actions">
          <a class="button quiet" href="/mandates/new">
            New mandate
          </a>
        </div>
      </section>
      {ended.length > 0 && (
        <section class="card" aria-labelledby="ended">
          <h2 id="ended">Ended</h2>
          <ul class="plain rows">
            {ended.map((view) => (
              <li>
                <div class="line">
                  <a href={`/mandates/${view.mandateId}`}>{titleOf(view)}</a>
                  <span class="state idle small">{STATES[view.state].words}</span>
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
    </Page>,
  );
});

mandatesRoutes.get("/mandates/:id", requireOwner, async (c) => show(c, c.req.param("id")));

mandatesRoutes.post("/mandates/:id/number", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const mandateId = c.req.param("id");
  const number = readShownNumber(c.get("form").get("number"));
  // What is no such number is no try.
  if (number === null) return show(c, mandateId, "Type the four digits your PC shows.");
  const done = await owner.account.mandates.confirmMandate({ mandateId, number });
  return done.ok ? c.redirect(`/mandates/${mandateId}`, 303) : show(c, mandateId, done.detail);
});

mandatesRoutes.post("/mandates/:id/show", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const mandateId = c.req.param("id");
  const done = await owner.account.mandates.showMandate(mandateId);
  return done.ok ? c.redirect(`/mandates/${mandateId}`, 303) : show(c, mandateId, done.detail);
});

mandatesRoutes.post("/mandates/:id/revoke", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  await owner.account.mandates.revokeMandate(c.req.param("id"));
  return c.redirect("/mandates", 303);
});

async function show(c: Context<PageEnv>, mandateId: string, problem?: string) {
  const owner = c.get("owner");
  const [mandates, choices] = await Promise.all([
    owner.account.mandates.listMandates(),
    owner.account.mandates.mandateChoices(),
  ]);
  const view = mandates.find((one) => one.mandateId === mandateId);
  if (view === undefined) {
    return sendPage(
      c,
      <Message
        title="There is no such mandate here"
        owner={owner}
        back={{ href: "/mandates", label: "Go to your mandates" }}
      >
        <p>It is not one of your account's.</p>
      </Message>,
      { status: 404 },
    );
  }
  const now = new Date();
  const { state } = view;
  return sendPage(
    c,
    <Page title="Mandate" owner={owner} room="/mandates" narrow>
      <h1>{titleOf(view)}</h1>
      {problem !== undefined && (
        <div class="note bad" role="alert">
          <p>
            <WithCommands text={problem} />
          </p>
        </div>
      )}
      <section class="card" aria-labelledby="state">
        <h2 id="state">How it stands</h2>
        <p class={`state big ${STATES[state].tone}`}>{STATES[state].words}</p>
        <p class="soft">
          <WithCommands text={explained(view)} />
        </p>
        {view.revokedAt !== null && (
          <p class="small soft">
            Ended <When at={view.revokedAt} now={now} />{" "}
            {view.revokedBy === "owner" ? "by you" : "at your PC"}.
            {view.pcUntold && " Your PC has not confirmed yet that it knows; it is told again."}
          </p>
        )}
        <Used view={view} />
      </section>
      {state === "waits_for_number" && <NumberForm view={view} owner={owner} />}
      {(state === "waits_for_pc" || state === "refused_by_pc") && (
        <form class="card" method="post" action={`/mandates/${view.mandateId}/show`}>
          <input type="hidden" name="csrf" value={owner.session.csrf} />
          <p>When your PC is connected and set up for it, show it there once more.</p>
          <div class="actions">
            <button type="submit">Show it at the PC</button>
          </div>
        </form>
      )}
      <section class="card" aria-labelledby="allows">
        <h2 id="allows">{ENDED.has(state) ? "What it allowed" : "What it allows"}</h2>
        <Lines mandate={view.mandate} choices={choices} />
      </section>
      {!ENDED.has(state) && (
        <>
          <LetIn choices={choices} standing={[view]} />
          <section class="card" aria-labelledby="end">
            <h2 id="end">End it</h2>
            <p class="soft">
              At once and for good. What was approved under it and not sent yet is taken back;
              orders that work stay, and can be cancelled under Orders.
            </p>
            <Revoke view={view} owner={owner} />
          </section>
        </>
      )}
      <p>
        <a href="/mandates">All mandates</a>
      </p>
    </Page>,
    problem === undefined ? {} : { status: 409 },
  );
}

const ENDED: ReadonlySet<MandateView["state"]> = new Set(["over", "revoked"]);

const STATES: Record<
  MandateView["state"],
  { tone: "ok" | "warn" | "bad" | "idle"; words: string }
> = {
  in_force: { tone: "ok", words: "In force" },
  waits_for_number: { tone: "warn", words: "Waits for the number at your PC" },
  waits_for_pc: { tone: "warn", words: "Waits for your PC" },
  refused_by_pc: { tone: "bad", words: "Refused by your PC" },
  over: { tone: "idle", words: "Over" },
  revoked: { tone: "idle", words: "Revoked" },
};

function explained({ state, pcWords }: MandateView): string {
  switch (state) {
    case "in_force":
      return "Orders inside it go without your tap. Your PC announces every one of them.";
    case "waits_for_number":
      return "Until you bring the number back, every order needs your tap.";
    case "waits_for_pc":
      return "Your PC has not seen it yet. Until then every order needs your tap.";
    case "refused_by_pc":
      return pcWords === "" ? "Your PC did not take it." : displayText(pcWords, 500);
    case "over":
      return "Its time is over.";
    case "revoked":
      return "No order passes under it any more.";
  }
}

function Row({ view, owner, now }: { view: MandateView; owner: Owner; now: Date }) {
  const { tone, words } = STATES[view.state];
  return (
    <li>
      <div class="line">
        <a href={`/mandates/${view.mandateId}`}>{titleOf(view)}</a>
        <span class={view.mandate.mode === "live" ? "tag bad" : "tag"}>
          {view.mandate.mode === "live" ? "Live" : "Paper"}
        </span>
      </div>
      <span class={`small state ${tone}`}>{words}</span>
      <span class="small soft">
        Ends <When at={view.mandate.not_after} now={now} />
      </span>
      <Used view={view} />
      <Revoke view={view} owner={owner} />
    </li>
  );
}

function Used({ view: { usage, mandate } }: { view: MandateView }) {
  return (
    <p class="small soft">
      Used in the last 24 hours: {usage.orders_today} of{" "}
      {counted(mandate.max_orders_per_day, "order")}, {usage.notional_today ?? "an unknown part"} of{" "}
      {mandate.max_notional_per_day} in value.
      {usage.notional_today === null && " Until that is known, every order needs your tap."}
    </p>
  );
}

function Revoke({ view, owner }: { view: MandateView; owner: Owner }) {
  return (
    <form method="post" action={`/mandates/${view.mandateId}/revoke`}>
      <input type="hidden" name="csrf" value={owner.session.csrf} />
      <div class="actions">
        <button class="danger" type="submit">
          Revoke<span class="visually-hidden"> {titleOf(view)}</span>
        </button>
      </div>
    </form>
  );
}

function NumberForm({ view, owner }: { view: MandateView; owner: Owner }) {
  return (
    <form class="card next" method="post" action={`/mandates/${view.mandateId}/number`}>
      <input type="hidden" name="csrf" value={owner.session.csrf} />
      <h2>Bring back the number</h2>
      <p>
        Your PC shows these bounds with a number: on its terminal, as a notification, or with{" "}
        <Command>{sidecarCommand("mandates")}</Command> Compare the bounds there, then type the
        number.
      </p>
      <label class="field">
        Number shown at your PC
        <input
          type="text"
          name="number"
          inputmode="numeric"
          pattern={SHOWN_NUMBER_PATTERN}
          required
          maxlength={SHOWN_NUMBER_LENGTH}
          autocomplete="off"
        />
        <span class="hint">Four digits. There is one try; a wrong number voids the mandate.</span>
      </label>
      <div class="actions">
        <button type="submit">Put it in force</button>
      </div>
    </form>
  );
}

/** `Buy, at most 3 orders a day of 400 each`. */
function titleOf({ mandate }: MandateView): string {
  const sides = mandate.sides.map((side) => (side === "BUY" ? "Buy" : "Sell")).join(" or ");
  const orders = mandate.max_orders_per_day === 1 ? "order" : "orders";
  return `${sides}, at most ${mandate.max_orders_per_day} ${orders} a day of ${mandate.max_notional_per_order} each`;
}
