import { formFields } from "../../scripts/lib/html-forms.ts";
import type { OrderChain } from "./order-chain.ts";
import { AAPL } from "./order-chain.ts";
import { ceremonyOn } from "./software-passkey.ts";

/** What the owner does about mandates, by the console's own forms and the PC's own command line. */
export interface MandateOwner {
  /** What the form is filled in with, unless something else is said. */
  bounds: Record<string, string>;
  /** Fills in the form, reads the review, signs; the mandate's id. */
  sign(over?: Record<string, string>): Promise<string>;
  /** Signed, and its number brought back from the PC. */
  inForce(over?: Record<string, string>): Promise<string>;
  /** Switches the account's limits over: let mandates in, or let none in. */
  switchLimits(): Promise<Response>;
  /** As `ibkr-sidecar mandates --json` tells it. */
  atPc(mandateId: string): Promise<{ state: string; number?: number }>;
  bringBack(mandateId: string, number: number): Promise<Response>;
  revoke(mandateId: string): Promise<Response>;
}

export function mandateOwner(chain: OrderChain): MandateOwner {
  const bounds = {
    account: chain.broker,
    client: chain.agent.clientId,
    side: "BUY",
    conid: String(AAPL),
    asset_class: "STK",
    order_type: "LMT",
    currencies: "USD",
    exchanges: "SMART",
    time_in_force: "DAY",
    max_price_beyond_percent: "1",
    max_notional_per_order: "1000",
    max_quantity_per_order: "2",
    max_notional_per_day: "5000",
    max_orders_per_day: "10",
    days: "7",
  };
  const owner: MandateOwner = {
    bounds,
    async sign(over = {}) {
      const review = await (await chain.form("/mandates/review", { ...bounds, ...over })).text();
      if (!review.includes("data-passkey")) throw new Error(said(review));
      const { mandate = "" } = formFields(review.slice(review.indexOf("data-passkey")));
      const signed = await chain.form("/mandates/sign", {
        mandate,
        response: chain.passkey.use(ceremonyOn(review)),
      });
      if (signed.status !== 303) throw new Error(said(await signed.text()));
      return signed.headers.get("location")?.split("/").at(-1) ?? "";
    },
    async inForce(over) {
      const mandateId = await owner.sign(over);
      const { number } = await owner.atPc(mandateId);
      const back = await owner.bringBack(mandateId, number ?? 0);
      if (back.status !== 303) throw new Error(said(await back.text()));
      return mandateId;
    },
    async switchLimits() {
      const asking = await chain.page(`/mandates/limits?account=${chain.broker}`);
      const fields = formFields(asking.slice(asking.indexOf('action="/mandates/limits"')));
      return chain.form("/mandates/limits", {
        ...fields,
        ...(asking.includes("data-passkey")
          ? { response: chain.passkey.use(ceremonyOn(asking)) }
          : {}),
      });
    },
    async atPc(mandateId) {
      const { output } = await chain.pc("mandates", "--json");
      const found = output
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line))
        .find((one) => one.mandate_id === mandateId);
      if (found === undefined) throw new Error(`the PC knows no such mandate: ${output}`);
      return found;
    },
    bringBack: (mandateId, number) =>
      chain.form(`/mandates/${mandateId}/number`, { number: String(number) }),
    revoke: (mandateId) => chain.form(`/mandates/${mandateId}/revoke`, {}),
  };
  return owner;
}

/** What a page says where it refuses. */
const said = (html: string): string =>
  (/role="alert">(.*?)<\/div>/s.exec(html)?.[1] ?? html).replace(/<[^>]*>/g, " ").slice(0, 400);
