import { seenOn } from "@ibkr-edge-gateway/protocol/approval/drift.ts";
import { type Leg, principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import {
  isOfCompletedSession,
  type SeenQuote,
  standsOnLastSession,
} from "@ibkr-edge-gateway/protocol/orders/compared-price.ts";
import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { momentInWords } from "@ibkr-edge-gateway/protocol/orders/opening-words.ts";
import type { Ticket, Waits } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import {
  priceInWords,
  timeInForceInWords,
  waitsInWords,
  whatInWords,
} from "@ibkr-edge-gateway/protocol/orders/words.ts";
import type { Child } from "hono/jsx";
import { displayText } from "../web/client-text.ts";

/**
 * The order as the owner reads it: large plain words made of canonical fields, then what it costs,
 * what it risks, and what the broker warns of. Nothing an agent wrote is on it; a figure nobody
 * knows is said to be unknown.
 */
export function OrderCard(props: {
  ticket: Ticket;
  source: string;
  /** Read while the page is made. */
  marketNow: SeenQuote | null;
  zones: Zones;
}) {
  const { ticket, source, marketNow, zones } = props;
  const { order } = ticket;
  const leg = principalLeg(order);
  const exits = order.legs.filter(({ role }) => role === "take_profit" || role === "stop_loss");
  return (
    <section class="card order" aria-labelledby="order">
      <header>
        <span class={order.mode === "live" ? "tag bad" : "tag ok"}>
          {order.mode === "live" ? "Live account, real money" : "Paper account, no real money"}
        </span>
        {source === "simulator" && <span class="tag warn">Simulator, not your broker</span>}
      </header>
      {order.action !== "place" && (
        <p class="big">
          {order.action === "modify" ? "Change this order to" : "Withdraw this order"}
        </p>
      )}
      <h1 id="order">{displayText(whatInWords(leg), 120)}</h1>
      {order.structure === "oca" ? (
        <Ways legs={order.legs} waits={ticket.waits ?? null} />
      ) : (
        <p class="big">
          {priceInWords(leg)}, {timeInForceInWords(leg, ticket.waits)}
        </p>
      )}
      {ticket.waits != null && order.action !== "cancel" && (
        <p class="note warn">
          The order {waitsInWords(ticket.waits)}. It cannot fill before; until it fills, you can
          cancel it.
        </p>
      )}
      {exits.map((exit) => (
        <p>
          {exit.role === "stop_loss" ? "Stop loss" : "Take profit"}: {priceInWords(exit)}
        </p>
      ))}
      {order.target !== null && order.action === "modify" && <Before leg={order.target.before} />}
      <dl class="facts">
        <dt>Broker account</dt>
        <dd class="mono">{order.account_id}</dd>
        <dt>Instrument</dt>
        <dd>
          {displayText(leg.contract.symbol, 40)} on {displayText(leg.contract.exchange, 20)}
          {leg.contract.listing_exchange === null
            ? ""
            : ` (${displayText(leg.contract.listing_exchange, 20)})`}
          , {leg.contract.currency}, contract {leg.contract.conid}
        </dd>
        <dt>{ticket.uncovered_call === true ? "No bound to the loss" : "At most"}</dt>
        <dd>
          {ticket.uncovered_call === true && "A call sold to open. It counts as "}
          <Money value={ticket.notional} currency={ticket.base_currency} />
          {order.structure === "oca" && ", all of them counted; one can fill"}
        </dd>
        <dt>Commission</dt>
        <dd>
          <Money
            value={ticket.what_if?.commission ?? null}
            currency={ticket.what_if?.commission_currency ?? ticket.base_currency}
          />
          {order.structure === "bracket" && ", of the entry"}
        </dd>
        <dt>Market then</dt>
        <dd>
          <Market seen={seenOn(ticket)} currency={leg.contract.currency} zones={zones} />
        </dd>
        {marketNow !== null && (
          <>
            <dt>Market now</dt>
            <dd>
              <Market seen={marketNow} currency={leg.contract.currency} zones={zones} />
            </dd>
          </>
        )}
      </dl>
      <Risk ticket={ticket} leg={leg} />
      <Warnings ticket={ticket} />
    </section>
  );
}

/** Every member of a group, and what makes it one. */
function Ways({ legs, waits }: { legs: readonly Leg[]; waits: Waits | null }) {
  const [first] = legs;
  return (
    <>
      <p>In one of these ways, {first === undefined ? "" : timeInForceInWords(first, waits)}:</p>
      <ul class="ways">
        {legs.map((leg) => (
          <li>{priceInWords(leg)}</li>
        ))}
      </ul>
      <p class="soft">The first that fills ends the others.</p>
    </>
  );
}

function Before({ leg }: { leg: Leg }) {
  return (
    <p class="soft">
      As it works now: {whatInWords(leg)} {priceInWords(leg)}, {timeInForceInWords(leg)}
    </p>
  );
}

function Money({ value, currency }: { value: string | null; currency: string }): Child {
  const figure = parseFigure(value);
  if (figure === null) return <>not known</>;
  const [whole = "0", part = ""] = figure.toFixed(2).split(".");
  return <>{`${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",")}.${part} ${currency}`}</>;
}

/** In which zones a time of the market is said; null where it is not known. */
export interface Zones {
  exchange: string | null;
  owner: string | null;
}

/** The sides that are quoted, and the last price with its day where that is over. */
function Market(props: { seen: SeenQuote; currency: string; zones: Zones }): Child {
  const { seen, currency, zones } = props;
  const { quote } = seen;
  if (quote == null) return <>not known</>;
  const reference = isOfCompletedSession(quote) ? (quote.reference ?? null) : null;
  const last =
    reference === null
      ? `last ${quote.last ?? "?"} ${currency}`
      : `last price ${reference.price} ${currency} of ${momentInWords(reference.at, zones.exchange, zones.owner)}`;
  if (reference !== null && quote.bid === null && quote.ask === null) {
    return (
      <>
        {standsOnLastSession(seen) ? "Market closed" : "Not quoted now"}; {last}
      </>
    );
  }
  return (
    <>
      bid {quote.bid ?? "?"}, ask {quote.ask ?? "?"}, {reference !== null && "no trade yet, "}
      {last} ({quote.availability})
    </>
  );
}

function Risk({ ticket, leg }: { ticket: Ticket; leg: Leg }) {
  const { what_if, base_currency, order } = ticket;
  const stop = order.legs.find(({ role }) => role === "stop_loss");
  const initial = what_if?.initial_margin ?? null;
  return (
    <div>
      <h2>What it risks</h2>
      <p>
        {ticket.order.action === "cancel"
          ? "Nothing is bought or sold."
          : leg.side === "BUY"
            ? `If it fills, you own it, and its price can fall by any amount${stop === undefined ? "." : "; the stop then sells at whatever price there is."}`
            : stop === undefined
              ? "If it fills, you have sold at that price, whatever the price does afterwards."
              : "If it fills, its price can rise by any amount; the stop then buys at whatever price there is."}
        {leg.order_type === "MKT" && " A market order takes whatever price there is."}
      </p>
      {order.structure === "bracket" && (
        <p>
          The exits stand only once the entry fills. If the broker refuses one of them, you are told
          at once and can withdraw the rest.
        </p>
      )}
      {initial !== null && (
        <p class="soft small">
          Margin used: <Money value={initial.before} currency={base_currency} /> before,{" "}
          <Money value={initial.after} currency={base_currency} /> after.
        </p>
      )}
      {what_if?.error != null && (
        <p class="note bad">
          The broker says it would not take this order: {displayText(what_if.error, 1_000)}
        </p>
      )}
    </div>
  );
}

/** As long as a warning can be: what is accepted word for word is shown to its last word. */
export const WARNING_MAX_CHARS = 4_000;

function Warnings({ ticket }: { ticket: Ticket }) {
  if (ticket.warnings.length === 0) return null;
  return (
    <div class="note warn">
      <h2>What the broker warns of</h2>
      <ul>
        {ticket.warnings.map(({ text, message_id }) => (
          <li>
            {displayText(text, WARNING_MAX_CHARS)}{" "}
            {message_id !== null && <span class="soft small">({message_id})</span>}
          </li>
        ))}
      </ul>
      <p class="small">By approving you accept these, word for word, for this order.</p>
    </div>
  );
}
