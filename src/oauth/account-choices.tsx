import { AccountId } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { BrokerAccount } from "../../durable-objects/account/rpc/account-types.ts";
import type { Owner } from "../web/signed-in-owner.ts";

/** How long a page waits for the PC's list of accounts. */
const LIST_WAIT_MS = 2_500;

/** The broker accounts to choose from; null while the PC cannot list them. */
export async function accountsToChoose({
  account,
}: Pick<Owner, "account">): Promise<BrokerAccount[] | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, LIST_WAIT_MS, null);
  });
  try {
    const accounts = await Promise.race([account.clients.brokerAccounts(), late]);
    return Array.isArray(accounts) ? accounts : null;
  } finally {
    clearTimeout(timer);
  }
}

/** Which broker accounts a client may use: all, or those that are ticked. */
export function AccountChoices(props: {
  /** What it may use now; null for all. */
  chosen: readonly string[] | null;
  listed: readonly BrokerAccount[] | null;
}) {
  const { chosen, listed } = props;
  // Accounts that were chosen before stay on the page, also while the PC cannot be asked.
  const gone = (chosen ?? []).filter((id) => !listed?.some((one) => one.accountId === id));
  const all: BrokerAccount[] = [
    ...(listed ?? []),
    ...gone.map((accountId) => ({ accountId, mode: "unknown" as const })),
  ];
  return (
    <fieldset>
      <legend>Broker accounts</legend>
      <label class="choice">
        <input type="radio" name="accounts" value="all" checked={chosen === null} />
        <span>All, also those opened later</span>
      </label>
      {all.length > 0 && (
        <label class="choice">
          <input type="radio" name="accounts" value="some" checked={chosen !== null} />
          <span>Only these</span>
        </label>
      )}
      {all.map(({ accountId, mode }) => (
        <label class="choice nested">
          <input
            type="checkbox"
            name="account"
            value={accountId}
            checked={chosen === null || chosen.includes(accountId)}
          />
          <span class="mono">{accountId}</span>
          <span class="hint">{mode === "unknown" ? "not proved" : mode}</span>
        </label>
      ))}
      {listed === null && (
        <p class="hint small">
          Your PC cannot list the accounts now. You can choose among them later, under Clients.
        </p>
      )}
    </fieldset>
  );
}

/** What such a form chose; undefined where it did not ask. */
export function accountsChosen(form: URLSearchParams): string[] | null | undefined {
  switch (form.get("accounts")) {
    case "all":
      return null;
    case "some":
      return form.getAll("account").filter((id) => AccountId.safeParse(id).success);
    default:
      return undefined;
  }
}
