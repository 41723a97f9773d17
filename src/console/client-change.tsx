import { accessInWords, choiceOf } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { Hono } from "hono";
import type {
  BrokerAccount,
  ClientChange,
  ClientConnection,
  ConnectedClient,
} from "../../durable-objects/account/rpc/account-types.ts";
import { AccessChoices } from "../oauth/access-choices.tsx";
import { connectionKept, liveRefused, newScopes, scopesChosen } from "../oauth/access-form.ts";
import { AccountChoices, accountsChosen, accountsToChoose } from "../oauth/account-choices.tsx";
import { openConnections, revokeStoredGrants } from "../oauth/grants.ts";
import { type LiveNeed, liveNeeds } from "../oauth/live-needs.ts";
import { OtherConnections } from "../oauth/other-connections.tsx";
import { confirmFirst, needsConfirmation } from "../owner/confirm.tsx";
import { requireOwner } from "../owner/owner-session.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Message, Page, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import type { Owner } from "../web/signed-in-owner.ts";
import { activeClient } from "./active-client.ts";

/**
 * What the owner gives a client: scopes, broker accounts, the first hour. Both ways it acts on the
 * client's next call, with the token it has. Taking away asks nothing; giving more is confirmed by a
 * passkey where there is one.
 */
export const clientChangeRoutes = new Hono<PageEnv>();

clientChangeRoutes.get("/clients/change", requireOwner, async (c) => {
  const owner = c.get("owner");
  const client = await activeClient(owner, c.req.query("id"));
  if (client === null) return c.redirect("/clients", 303);
  const [accounts, live, connections] = await Promise.all([
    accountsToChoose(owner),
    liveNeeds(owner),
    openConnections(c.env.OAUTH_PROVIDER, owner.accountId, client, Date.now()),
  ]);
  return sendPage(
    c,
    <ChangePage {...{ owner, client, accounts, live, connections }} now={new Date()} />,
  );
});

clientChangeRoutes.post("/clients/change", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  const client = await activeClient(owner, form.get("client_id"));
  if (client === null) return c.redirect("/clients", 303);
  const accounts = accountsChosen(form);
  const scopes = scopesChosen(form);
  const added = newScopes(scopes, client.scopes);
  const keepOnly = connectionKept(form, added, client.connections);
  const change: ClientChange = {
    clientId: client.clientId,
    scopes,
    accounts: accounts === undefined ? client.accounts : accounts,
    atOnce: form.get("at_once") === "yes",
    ...(keepOnly === undefined ? {} : { keepOnly }),
  };
  if (widens(client, change)) {
    const refused = liveRefused(added, await liveNeeds(owner));
    if (refused !== null) {
      return sendPage(
        c,
        <Message title="Nothing was changed" tone="warn" owner={owner}>
          <p>{refused}</p>
        </Message>,
        { status: 400 },
      );
    }
    if (await needsConfirmation(owner)) {
      const back = `/clients/change?id=${encodeURIComponent(client.clientId)}`;
      return confirmFirst(c, form, back, {
        app: client.clientName,
        access: accessInWords(scopes),
      });
    }
  }
  await owner.account.clients.changeClient(change);
  if (keepOnly !== undefined) {
    const ids = new Set([client.clientId]);
    await revokeStoredGrants(c.env.OAUTH_PROVIDER, owner.accountId, ids, keepOnly);
  }
  return c.redirect("/clients", 303);
});

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
  accounts: BrokerAccount[] | null;
  live: readonly LiveNeed[];
  connections: readonly ClientConnection[];
  now: Date;
}) {
  const { owner, client, accounts, live, connections, now } = props;
  const has = choiceOf(client.scopes)?.id;
  const readOnly = client.readOnlyUntil !== null && Date.parse(client.readOnlyUntil) > +now;
  return (
    <Page title={`Change ${client.clientName}`} owner={owner} room="/clients" narrow>
      <div class="head">
        <h1>{client.clientName}</h1>
        <p class="lead">
          Answers go to <span class="mono">{client.redirectHost}</span>. What you change counts from
          its next call.
        </p>
      </div>
      <form class="card" method="post" action="/clients/change">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <input type="hidden" name="client_id" value={client.clientId} />
        <AccessChoices
          chosen={has ?? "each"}
          ticked={client.scopes}
          live={live}
          tags={has === undefined ? {} : { [has]: "it has this" }}
        />
        <AccountChoices chosen={client.accounts} listed={accounts} />
        <OtherConnections {...{ connections, now }} />
        {readOnly && (
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
