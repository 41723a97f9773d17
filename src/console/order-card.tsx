import { seenOn } from "@ibkr-edge-gateway/protocol/approval/price-drift.ts";
import { type Leg, principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import {
  isOfCompletedSession,
  type SeenQuote,
  standsOnLastSession,
} from "@ibkr-edge-gateway/protocol/orders/compared-price.ts";
import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { momentInWords } from "@ibkr-edge-gateway/protocol/orders/instant-words.ts";
import { waitsInWords } from "@ibkr-edge-gateway/protocol/orders/order-words.ts";
import {
  orderLines,
  type WordsLine,
  warningLines,
} from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import type { Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { Child } from "hono/jsx";

/**
 * The order as the owner reads it: the lines that the PC shows beside its number, then the market,
 * what it risks, and what the broker warns of. Nothing an agent wrote is on it; a figure nobody
 * knows is said to be unknown.
 */
export function OrderCard(props: {
  ticket: Ticket;
  source: string;
  /** Read while the page is made. */
  marketNow: SeenQuote | null;
  zones: Zones;
  position?: { before: string; after: string } | null;
}) {
  const { ticket, source, marketNow, zones, position } = props;
  const { order } = ticket;
  const leg = principalLeg(order);
  const [first, ...lines] = orderLines(ticket);
  const longer = lines.filter(({ name }) => LONGER.has(name));
  return (
    <section class="card order" aria-labelledby="order">
      <header>
        <span class={order.mode === "live" ? "tag bad" : "tag ok"}>
          {order.mode === "live" ? "Live account, real money" : "Paper account, no real money"}
        </span>
        {source === "simulator" && <span class="tag warn">Simulator, not your broker</span>}
      </header>
      <h1 id="order">{first?.says}</h1>
      {ticket.waits != null && order.action !== "cancel" && (
        <p class="note warn">
          The order {waitsInWords(ticket.waits)}. It cannot fill before; until it fills, you can
          cancel it.
        </p>
      )}
      <dl class="facts">
        <Lines lines={lines.filter(({ name }) => !LONGER.has(name))} />
      </dl>
      <Warnings ticket={ticket} />
      <p class="soft small">You sign all of this. Reported beside it:</p>
      <dl class="facts">
        {position != null && (
          <>
            <dt>Position</dt>
            <dd>
              {position.before} becomes {position.after}
            </dd>
          </>
        )}
        {marketNow !== null && (
          <>
            <dt>Market now</dt>
            <dd>
              <Market seen={marketNow} currency={leg.contract.currency} zones={zones} />
            </dd>
          </>
        )}
      </dl>
      <details>
        <summary>Every detail, and the risk</summary>
        <dl class="facts">
          <Lines lines={longer} />
          <dt>Market then</dt>
          <dd>
            <Market seen={seenOn(ticket)} currency={leg.contract.currency} zones={zones} />
          </dd>
        </dl>
        <Risk ticket={ticket} leg={leg} />
      </details>
    </section>
  );
}

/** Signed too, and said in short by the first line: which instrument it is, in every detail. */
const LONGER: ReadonlySet<string> = new Set(["Contract"]);

function Lines({ lines }: { lines: readonly WordsLine[] }) {
  return (
    <>
      {lines.map(({ name, says }) => (
        <>
          <dt>{name}</dt>
          <dd>{says}</dd>
        </>
      ))}
    </>
  );
}

/** A price as prices are written: 262.60 beside 262.62. Finer ones stay as they are. */
const priced = (price: string | null): string =>
  price === null
    ? "?"
    : price.replace(/^(-?\d+)(\.\d)?$/, (_, whole, part = ".0") => `${whole}${part}0`);

/** A figure of the broker's, for the eye: two decimals and grouped. */
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
      ? `last ${priced(quote.last)} ${currency}`
      : `last price ${priced(reference.price)} ${currency} of ${momentInWords(reference.at, zones.exchange, zones.owner)}`;
  if (reference !== null && quote.bid === null && quote.ask === null) {
    return (
      <>
        {standsOnLastSession(seen) ? "Market closed" : "Not quoted now"}; {last}
      </>
    );
  }
  return (
    <>
      bid {priced(quote.bid)}, ask {priced(quote.ask)}, {reference !== null && "no trade yet, "}
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
          at once and can cancel the rest.
        </p>
      )}
      {initial !== null && (
        <p class="soft small">
          Margin used: <Money value={initial.before} currency={base_currency} /> before,{" "}
          <Money value={initial.after} currency={base_currency} /> after.
        </p>
      )}
    </div>
  );
}

function Warnings({ ticket }: { ticket: Ticket }) {
  if (ticket.warnings.length === 0) return null;
  return (
    <div class="note warn">
      <h2>What the broker warns of</h2>
      <ul>
        {warningLines(ticket.warnings).map(({ says }) => (
          <li>{says}</li>
        ))}
      </ul>
      <p class="small">By approving you accept these.</p>
    </div>
  );
}
