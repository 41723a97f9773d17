import {
  AssetClass,
  OrderType,
  Side,
  TimeInForce,
} from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import { plainly } from "@ibkr-edge-gateway/protocol/orders/order-words.ts";
import type { Child } from "hono/jsx";
import type { MandateChoices } from "../../durable-objects/account/rpc/mandate-views.ts";
import { displayText } from "../web/client-text.ts";

/** The form a mandate is made with; what was filled in stays when something is wrong. */
export function MandateFields(props: {
  given: URLSearchParams;
  choices: MandateChoices;
  csrf: string;
}) {
  const { given, choices, csrf } = props;
  const first = given.size === 0;
  const ticked = (name: string, value: string, atFirst = false) =>
    first ? atFirst : given.getAll(name).includes(value);
  const box = (name: string, value: string, words: Child, atFirst = false) => (
    <label class="choice">
      <input type="checkbox" name={name} value={value} checked={ticked(name, value, atFirst)} />
      <span>{words}</span>
    </label>
  );
  return (
    <form class="card" method="post" action="/mandates/review">
      <input type="hidden" name="csrf" value={csrf} />
      <fieldset>
        <legend>Account</legend>
        {choices.accounts.map(({ brokerAccount, mode }, index) => (
          <label class="choice">
            <input
              type="radio"
              name="account"
              value={brokerAccount}
              required
              checked={ticked("account", brokerAccount, index === 0 && mode === "paper")}
            />
            <span>
              {brokerAccount}, {mode === "live" ? "live, real money" : "paper"}
            </span>
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>Agents that may use it</legend>
        {choices.clients.map(({ clientId, name }) =>
          box("client", clientId, displayText(name, 80)),
        )}
      </fieldset>
      <fieldset>
        <legend>Buy or sell</legend>
        {Side.options.map((side) => box("side", side, side === "BUY" ? "Buy" : "Sell"))}
        {box("reduce_only", "yes", "Only what reduces a position")}
        {box("short_sales", "yes", "Also sell more than is held (the loss has no bound)")}
      </fieldset>
      <fieldset>
        <legend>Contracts</legend>
        {choices.contracts.map(({ conid, symbol }) =>
          box("conid", String(conid), `${displayText(symbol, 40)} (${conid})`),
        )}
        <Field
          given={given}
          name="conids"
          label="Other contract numbers"
          hint="With spaces between."
          optional
        />
        {box("any_contract", "yes", "Any contract of the kinds below")}
      </fieldset>
      <fieldset>
        <legend>Kinds</legend>
        {AssetClass.options.map((kind) => box("asset_class", kind, KINDS[kind], kind === "STK"))}
      </fieldset>
      <fieldset>
        <legend>Order types</legend>
        {OrderType.options.map((type) => box("order_type", type, TYPES[type], type === "LMT"))}
      </fieldset>
      <fieldset>
        <legend>Time in force</legend>
        {TimeInForce.options.map((time) => box("time_in_force", time, TIMES[time], time === "DAY"))}
      </fieldset>
      <fieldset>
        <legend>Hours</legend>
        {box("outside_rth", "yes", "Also outside regular hours")}
        {box("when_closed", "yes", "Also orders that wait for the market to open")}
      </fieldset>
      <Field
        given={given}
        name="currencies"
        label="Currencies"
        hint="With spaces between."
        value={[...new Set(choices.contracts.map(({ currency }) => currency))].join(" ")}
        words
      />
      <Field
        given={given}
        name="exchanges"
        label="Exchanges"
        hint="SMART lets the broker choose. A future is traded at its own exchange, e.g. CME."
        value="SMART"
        words
      />
      <Field
        given={given}
        name="max_price_beyond_percent"
        label="Price beyond the market, at most (percent)"
        hint="How much more than the market a purchase may pay, or less a sale may take."
        value="1"
      />
      <Field
        given={given}
        name="latest_expiry"
        label="Options and futures that expire by (YYYY-MM-DD)"
        hint="Empty: nothing that expires."
        optional
      />
      <Field
        given={given}
        name="max_notional_per_order"
        label="Value of one order, at most"
        hint={IN_BASE}
      />
      <Field given={given} name="max_quantity_per_order" label="Units of one order, at most" />
      <Field
        given={given}
        name="max_notional_per_day"
        label="Value in 24 hours, at most"
        hint={IN_BASE}
      />
      <Field given={given} name="max_orders_per_day" label="Orders in 24 hours, at most" />
      <Field given={given} name="days" label="For how many days" hint="At most 90." />
      {choices.warnings.length > 0 && (
        <fieldset>
          <legend>Warnings of the broker you accept beforehand</legend>
          <p class="small soft">
            In this wording, whatever the numbers. An order with any other warning still asks you.
          </p>
          {choices.warnings.map(({ fingerprint, text, message_id }) =>
            box("warning", fingerprint, `${plainly(text)} (${message_id ?? ""})`),
          )}
        </fieldset>
      )}
      <div class="actions">
        <button type="submit">Review it</button>
      </div>
    </form>
  );
}

const IN_BASE = "In the account's base currency.";

const KINDS: Record<(typeof AssetClass.options)[number], string> = {
  STK: "Stocks and funds",
  OPT: "Options",
  FUT: "Futures",
};

const TIMES: Record<(typeof TimeInForce.options)[number], string> = {
  DAY: "For the day",
  GTC: "Until cancelled",
  OPG: "At the opening",
  IOC: "At once or not at all",
};

const TYPES: Record<(typeof OrderType.options)[number], string> = {
  LMT: "Limit",
  MKT: "Market",
  STP: "Stop",
  STOP_LIMIT: "Stop limit",
  TRAIL: "Trailing stop",
  TRAILLMT: "Trailing stop limit",
  MIDPRICE: "Midprice",
};

function Field(props: {
  given: URLSearchParams;
  name: string;
  label: string;
  hint?: string;
  optional?: boolean;
  /** Not a number. */
  words?: boolean;
  /** What stands in it at first. */
  value?: string;
}) {
  const { given, name, label, hint, optional, words } = props;
  const first = given.size === 0 ? (props.value ?? "") : "";
  return (
    <label class="field">
      {label}
      <input
        type="text"
        name={name}
        value={given.get(name) ?? first}
        inputmode={optional === true || words === true ? "text" : "decimal"}
        required={optional !== true}
        maxlength={optional === true || words === true ? 400 : 20}
        autocomplete="off"
      />
      {hint !== undefined && <span class="hint">{hint}</span>}
    </label>
  );
}
