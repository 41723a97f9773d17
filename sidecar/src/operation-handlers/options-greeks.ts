import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { optionsGreeks } from "@ibkr-edge-gateway/protocol/operation-schemas/options-greeks.ts";
import { label } from "../client-portal/broker-text.ts";
import { isoTime } from "../client-portal/clock.ts";
import { factsOf } from "./find-contracts.ts";
import { readRows } from "./market-snapshot.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { availabilityOf, readField } from "./quote-fields.ts";

const FIELDS = {
  delta: "7308",
  gamma: "7309",
  theta: "7310",
  vega: "7311",
  implied_volatility_percent: "7633",
  open_interest: "7638",
  bid: "84",
  ask: "86",
  last: "31",
} as const;

export const serveOptionsGreeks = serve(optionsGreeks, async (context, input) => {
  const conids = [...new Set(input.conids)];
  const known = await factsOf(context, conids);
  const today = isoTime(context.clock.now()).slice(0, 10);
  for (const conid of conids) {
    const fact = known.facts.get(conid);
    if (fact === undefined) {
      throw new GatewayError(
        failure("INPUT_INVALID_CONTRACT", `The broker knows no contract ${conid}.`),
      );
    }
    if (fact.assetClass !== "OPT" && fact.assetClass !== "FOP") {
      throw new GatewayError(
        failure("INPUT_UNSUPPORTED_ASSET_CLASS", `Contract ${conid} is not an option.`),
      );
    }
    // A day of grace: the exchange's day may be behind UTC's.
    const expiry = fact.lastTradingDay ?? fact.expiry;
    if (expiry !== null && Date.parse(expiry) + 86_400_000 < Date.parse(today)) {
      throw new GatewayError(
        failure("INPUT_INVALID_CONTRACT", `Option ${conid} expired on ${expiry}.`),
      );
    }
  }
  const names = Object.keys(FIELDS) as (keyof typeof FIELDS)[];
  const read = await readRows(
    context,
    conids,
    names.map((name) => FIELDS[name]),
  );
  return {
    greeks: conids.map((conid) => {
      const row = read.rows.get(conid);
      const fact = known.facts.get(conid);
      const figure = (name: keyof typeof FIELDS): string | null => {
        const text = row?.fields.get(FIELDS[name]);
        const field = text === undefined ? null : readField(text);
        return field === null || field.kind === "prior_close" ? null : field.value;
      };
      const right = fact?.putOrCall?.toUpperCase()[0];
      const any = names.some((name) => figure(name) !== null);
      return {
        conid,
        symbol: label(fact?.ticker ?? fact?.name, 100),
        expiry: fact?.expiry ?? fact?.lastTradingDay ?? null,
        strike: fact?.strike ?? null,
        right: right === "C" ? ("call" as const) : right === "P" ? ("put" as const) : null,
        currency: fact?.currency ?? null,
        underlying_conid: fact?.undConid ?? null,
        availability: availabilityOf(row?.availabilityCode ?? null, any),
        quote_at:
          any && row?.updatedAt != null && row.updatedAt > 0 ? isoTime(row.updatedAt) : null,
        delta: figure("delta"),
        gamma: figure("gamma"),
        theta: figure("theta"),
        vega: figure("vega"),
        implied_volatility_percent: figure("implied_volatility_percent"),
        open_interest: figure("open_interest"),
        bid: figure("bid"),
        ask: figure("ask"),
        last: figure("last"),
      };
    }),
    ...provenance(context, [read.part]),
  };
});
