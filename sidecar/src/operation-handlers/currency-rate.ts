import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { currencyRate } from "@ibkr-edge-gateway/protocol/operation-schemas/currency-rate.ts";
import { exchangeRate } from "../client-portal/endpoints/currency.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";

export const serveCurrencyRate = serve(currencyRate, async (context, input) => {
  if (input.base === input.quote) {
    throw new GatewayError(failure("INPUT_INVALID", "Name two different currencies."));
  }
  const answer = await context.ask(exchangeRate(input.base, input.quote));
  return {
    base: input.base,
    quote: input.quote,
    rate: answer.value.rate,
    ...provenance(context, [answer], ["Indicative; a conversion may get another rate."]),
  };
});
