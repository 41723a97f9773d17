import {
  accessInWords,
  choiceNamed,
  choicesBeyond,
} from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { Hono } from "hono";
import type {
  ClientConnection,
  ConnectedClient,
} from "../../durable-objects/account/rpc/account-types.ts";
import { LiveNeeds } from "../oauth/access-choices.tsx";
import { connectionKept, liveRefused, newScopes } from "../oauth/access-form.ts";
import { openConnections, revokeStoredGrants } from "../oauth/grants.ts";
import { type LiveNeed, liveNeeds } from "../oauth/live-needs.ts";
import { OtherConnections } from "../oauth/other-connections.tsx";
import { confirmFirst, needsConfirmation } from "../owner/confirm.tsx";
import { requireOwner } from "../owner/owner-session.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Message, Page, sendPage, When } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import type { Owner } from "../web/signed-in-owner.ts";
import { activeClient } from "./active-client.ts";

/**
 * Where an agent's link leads: one button for each choice that gives it more, and the passkey. The
 * link says which client and which of its connections asks, and nothing of what it gets.
 */
export const clientAccessRoutes = new Hono<PageEnv>();

clientAccessRoutes.get("/clients/access", requireOwner, async (c) => {
  const owner = c.get("owner");
  const client = await activeClient(owner, c.req.query("id"));
  if (client === null) return sendPage(c, <NoSuchClient owner={owner} />, { status: 404 });
  const [live, connections] = await Promise.all([
    liveNeeds(owner),
    openConnections(c.env.OAUTH_PROVIDER, owner.accountId, client, Date.now()),
  ]);
  const allowed = c.req.query("done") === "yes";
  const asking = c.req.query("connection");
  return sendPage(
    c,
    <AccessPage {...{ owner, client, live, connections, asking, allowed }} now={new Date()} />,
  );
});

clientAccessRoutes.post("/clients/access", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const form = c.get("form");
  const client = await activeClient(owner, form.get("client_id"));
  if (client === null) return sendPage(c, <NoSuchClient owner={owner} />, { status: 404 });
  const choice = choiceNamed(form.get("choice"));
  const added = newScopes(choice?.scopes ?? [], client.scopes);
  const refused = liveRefused(added, await liveNeeds(owner));
  if (choice === null || refused !== null) {
    return sendPage(
      c,
      <Message title="Nothing was allowed" tone="warn" owner={owner}>
        <p>{refused ?? "Choose what it may do."}</p>
      </Message>,
      { status: 400 },
    );
  }
  const back = pathOf(client, form.get("connection"));
  if (await needsConfirmation(owner)) {
    const access = accessInWords([...new Set([...client.scopes, ...choice.scopes])]);
    return confirmFirst(c, form, back, { app: client.clientName, access });
  }
  const keepOnly = connectionKept(form, added, client.connections);
  await owner.account.clients.changeClient({
    clientId: client.clientId,
    scopes: [...new Set([...client.scopes, ...choice.scopes])],
    accounts: client.accounts,
    atOnce: form.get("at_once") === "yes",
    ...(keepOnly === undefined ? {} : { keepOnly }),
  });
  if (keepOnly !== undefined) {
    const ids = new Set([client.clientId]);
    await revokeStoredGrants(c.env.OAUTH_PROVIDER, owner.accountId, ids, keepOnly);
  }
  return c.redirect(`${back}&done=yes`, 303);
});

function pathOf({ clientId }: ConnectedClient, connection: string | null): string {
  const named = connection === null ? {} : { connection };
  return `/clients/access?${new URLSearchParams({ id: clientId, ...named })}`;
}

function NoSuchClient({ owner }: { owner: Owner }) {
  return (
    <Message title="No such client" tone="warn" owner={owner}>
      <p>
        No app with this link is connected to your account, or its access has ended. Nothing was
        changed. What is connected stands under <a href="/clients">Clients</a>.
      </p>
    </Message>
  );
}

function AccessPage(props: {
  owner: Owner;
  client: ConnectedClient;
  live: readonly LiveNeed[];
  connections: readonly ClientConnection[];
  /** The connection whose link this is. */
  asking: string | undefined;
  /** It was given something a moment ago. */
  allowed: boolean;
  now: Date;
}) {
  const { owner, client, live, connections, asking, allowed, now } = props;
  const { clientId, clientName, redirectHost, scopes, readOnlyUntil } = client;
  const more = choicesBeyond(scopes);
  const missing = live.filter(({ met }) => !met);
  const readOnly = readOnlyUntil !== null && Date.parse(readOnlyUntil) > now.getTime();
  const change = `/clients/change?id=${encodeURIComponent(clientId)}`;
  return (
    <Page title={`Access for ${clientName}`} owner={owner} room="/clients" narrow>
      <div class="head">
        <h1>What may {clientName} do?</h1>
        <p class="lead">
          Its answers go to <span class="mono">{redirectHost}</span>. Now:{" "}
          <strong>{accessInWords(scopes)}</strong>.
        </p>
      </div>
      {allowed && (
        <div class="note ok" role="status">
          <p>
            Allowed. It counts from its next call: tell the agent to go on. If it does not see its
            new tools, have the app read its list of tools again, or begin a new chat.
          </p>
        </div>
      )}
      {readOnly && (
        <div class="note">
          <p>
            It is new and only reads until its first hour is over,{" "}
            <When at={readOnlyUntil} now={now} />.
          </p>
        </div>
      )}
      <form method="post" action="/clients/access">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <input type="hidden" name="client_id" value={clientId} />
        {readOnly && (
          <label class="choice">
            <input type="checkbox" name="at_once" value="yes" />
            <span>Let it do more than read from now on</span>
          </label>
        )}
        {more.length > 0 && <OtherConnections {...{ connections, asking, now }} />}
        {more.map(({ id, title, means }) => (
          <section class="card">
            <h2>{title}</h2>
            <p class="soft">
              {means}
              {id === "live" && <LiveNeeds missing={missing} />}
            </p>
            <div class="actions">
              <button
                type="submit"
                name="choice"
                value={id}
                class={id === "live" ? "quiet" : ""}
                disabled={id === "live" && missing.length > 0}
              >
                Allow<span class="visually-hidden">: {title}</span>
              </button>
            </div>
          </section>
        ))}
      </form>
      <p class="small">
        {more.length === 0 ? "Every choice is allowed already. " : ""}
        <a href={change}>Single permissions, broker accounts, or less</a>
      </p>
    </Page>
  );
}
