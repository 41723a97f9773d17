import { type Context, Hono } from "hono";
import type {
  BrokerAccount,
  ClientChange,
  ConnectedClient,
} from "../../durable-objects/account/rpc.ts";
import { confirmFirst, needsConfirmation } from "../oauth/confirm.tsx";
import { dropAccessTokensOf } from "../oauth/grants.ts";
import { type Owner, requireOwner } from "../oauth/owner-session.ts";
import { ScopeChoices } from "../oauth/scope-choices.tsx";
import type { GatewayFailure } from "../protocol/errors.ts";
import { AccountId } from "../protocol/operations/parts.ts";
import { isScope, SCOPES } from "../protocol/scopes.ts";
import { requestId } from "../request-id.ts";
import type { PageEnv } from "./context.ts";
import { ownerForm } from "./owner-form.ts";
import { Page, sendPage } from "./page.tsx";

/**
 * What the owner leaves a client: scopes, broker accounts, the first hour. Taking away acts at once
 * and asks nothing; giving back is confirmed by a passkey where there is one.
 */
export const clientChangeRoutes = new Hono<PageEnv>();

clientChangeRoutes.get("/clients/change", requireOwner, async (c) => {
  const owner = c.get("owner");
  const client = await activeClient(c, c.req.query("id") ?? "");
  if (client === null) return c.redirect("/clients", 303);
  const accounts = await owner.account.brokerAccounts();
  return sendPage(
    c,
    <ChangePage owner={owner} client={client} accounts={accounts} now={new Date()} />,
  );
});

clientChangeRoutes.post("/clients/change", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  const client = await activeClient(c, form.get("client_id") ?? "");
  if (client === null) return c.redirect("/clients", 303);
  const change: ClientChange = {
    clientId: client.clientId,
    scopes: form.getAll("scope"),
    accounts:
      form.get("accounts") === "all"
        ? null
        : form.getAll("account").filter((id) => AccountId.safeParse(id).success),
    atOnce: form.get("at_once") === "yes",
  };
  if (widens(client, change) && (await needsConfirmation(owner))) {
    const back = `/clients/change?id=${encodeURIComponent(client.clientId)}`;
    return confirmFirst(c, form, back);
  }
  await owner.account.changeClient(change, requestId(c.req.raw));
  await dropAccessTokensOf(c.env.OAUTH_PROVIDER, c.env.OAUTH_KV, owner.accountId, client.clientId);
  return c.redirect("/clients", 303);
});

async function activeClient(c: Context<PageEnv>, id: string): Promise<ConnectedClient | null> {
  const clients = await c.get("owner").account.listClients();
  return clients.find((client) => client.clientId === id && client.state === "active") ?? null;
}

/** Whether the change would let the client do anything it may not do now. */
function widens(client: ConnectedClient, change: ClientChange): boolean {
  const newScope = change.scopes.some((scope) => !client.scopes.includes(scope));
  const newAccount =
    client.accounts !== null &&
    (change.accounts === null || change.accounts.some((id) => !client.accounts?.includes(id)));
  return newScope || newAccount || change.atOnce;
}

function ChangePage(props: {
  owner: Owner;
  client: ConnectedClient;
  accounts: BrokerAccount[] | GatewayFailure;
  now: Date;
}) {
  const { owner, client, accounts, now } = props;
  const readOnly = client.readOnlyUntil !== null && Date.parse(client.readOnlyUntil) > +now;
  const mayOrder = client.consented.some(
    (scope) => isScope(scope) && SCOPES[scope].tier !== "read",
  );
  return (
    <Page title={`Change ${client.clientName}`} owner={owner} room="/clients" narrow>
      <div class="head">
        <h1>{client.clientName}</h1>
        <p class="lead">
          Answers go to <span class="mono">{client.redirectHost}</span>. What you untick here stops
          on its next call.
        </p>
      </div>
      <form class="card" method="post" action="/clients/change">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <input type="hidden" name="client_id" value={client.clientId} />
        <ScopeChoices scopes={client.consented.filter(isScope)} ticked={client.scopes} />
        <Accounts client={client} accounts={accounts} />
        {readOnly && mayOrder && (
          <fieldset>
            <legend>First hour</legend>
            <label class="choice">
              <input type="checkbox" name="at_once" value="yes" />
              <span>Let it do more than read from now on</span>
            </label>
          </fieldset>
        )}
        <div class="actions">
          <button type="submit">Save</button>
          <a class="button quiet" href="/clients">
            Cancel
          </a>
        </div>
      </form>
    </Page>
  );
}

function Accounts(props: { client: ConnectedClient; accounts: BrokerAccount[] | GatewayFailure }) {
  const { client, accounts } = props;
  const listed = Array.isArray(accounts) ? accounts : [];
  // Accounts that were chosen before stay on the page, also while the PC cannot be asked.
  const gone = (client.accounts ?? []).filter((id) => !listed.some((one) => one.accountId === id));
  const all: BrokerAccount[] = [
    ...listed,
    ...gone.map((accountId) => ({ accountId, mode: "unknown" as const })),
  ];
  return (
    <fieldset>
      <legend>Broker accounts</legend>
      <label class="choice">
        <input type="radio" name="accounts" value="all" checked={client.accounts === null} />
        <span>All, also those opened later</span>
      </label>
      <label class="choice">
        <input type="radio" name="accounts" value="some" checked={client.accounts !== null} />
        <span>Only these</span>
      </label>
      {all.map(({ accountId, mode }) => (
        <label class="choice nested">
          <input
            type="checkbox"
            name="account"
            value={accountId}
            checked={client.accounts === null || client.accounts.includes(accountId)}
          />
          <span class="mono">{accountId}</span>
          <span class="hint">{mode === "unknown" ? "not proved" : mode}</span>
        </label>
      ))}
      {!Array.isArray(accounts) && (
        <p class="note warn small">
          The list cannot be read now: {accounts.message} {accounts.user_action}
        </p>
      )}
    </fieldset>
  );
}
