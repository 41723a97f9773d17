import { mandateInWords } from "@ibkr-edge-gateway/protocol/approval/mandate-words.ts";
import type {
  MandateChoices,
  MandateView,
} from "../../durable-objects/account/rpc/mandate-views.ts";
import { displayText } from "../web/client-text.ts";

/** The bounds line by line; the names of agents are the owner's, everything else the mandate's. */
export function Lines(props: { mandate: MandateView["mandate"]; choices: MandateChoices }) {
  const { mandate, choices } = props;
  const nameOf = (clientId: string) =>
    choices.clients.find((client) => client.clientId === clientId)?.name ?? clientId;
  const symbols = (mandate.conids ?? []).flatMap((conid) => {
    const known = choices.contracts.find((contract) => contract.conid === conid);
    return known === undefined ? [] : [`${conid} is ${displayText(known.symbol, 40)}`];
  });
  return (
    <dl class="facts">
      {mandateInWords(mandate, nameOf).map(({ name, says }) => (
        <>
          <dt>{name}</dt>
          <dd>
            {says}
            {name === "Instruments" && symbols.length > 0 && ` (${symbols.join(", ")})`}
          </dd>
        </>
      ))}
    </dl>
  );
}
