import { accessInWords } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { WITHDRAWN_CLIENT_KEPT_DAYS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { isScope, SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { Hono } from "hono";
import type { ConnectedClient } from "../../durable-objects/account/rpc/account-types.ts";
import { revokeStoredGrants } from "../oauth/grants.ts";
import { requireConfirmation } from "../owner/confirm.tsx";
import { requireOwner } from "../owner/owner-session.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Page, sendPage, When } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import type { Owner } from "../web/signed-in-owner.ts";

/** Who may act for the owner, and how to end it. */
export const clientsRoutes = new Hono<PageEnv>();

clientsRoutes.get("/clients", requireOwner, async (c) => {
  const owner = c.get("owner");
  const from = c.req.query("from") ?? null;
  const withdrawnFrom = c.req.query("withdrawn_from") ?? null;
  const pages = await owner.account.clients.listClients({ active: from, withdrawn: withdrawnFrom });
  const { clients: active, next } = pages.active;
  const { clients: revoked, next: nextRevoked } = pages.withdrawn;
  const now = new Date();
  return sendPage(
    c,
    <Page title="Clients" owner={owner} room="/clients">
      <div class="head">
        <h1>Connected clients</h1>
        <p class="lead">
          Each has the access that you gave it on the consent page. A removed client is refused on
          its next call.
        </p>
      </div>
      {active.length === 0 && from === null && (
        <section class="card">
          <h2>No client is connected</h2>
          <p class="soft">Give an MCP client this address; it will ask you for access.</p>
          <code class="copy">{c.get("settings").resource}</code>
        </section>
      )}
      <div class="grid two">
        {active.map((client) => (
          <ClientCard client={client} owner={owner} now={now} />
        ))}
      </div>
      {next !== null && (
        <p>
          <a href={`/clients?from=${encodeURIComponent(next)}`}>Show older clients</a>
        </p>
      )}
      {active.length > 1 && (
        <form method="post" action="/clients/revoke-all">
          <input type="hidden" name="csrf" value={owner.session.csrf} />
          <div class="actions">
            <button class="danger" type="submit">
              Remove all clients
            </button>
          </div>
        </form>
      )}
      {revoked.length > 0 && (
        <details open={withdrawnFrom !== null}>
          <summary>
            Removed ({revoked.length}
            {nextRevoked === null ? "" : " shown"})
          </summary>
          <p class="soft small">
            A removed client is forgotten after {WITHDRAWN_CLIENT_KEPT_DAYS} days. The audit log
            keeps what it did.
          </p>
          <ul class="plain rows">
            {revoked.map((client) => (
              <li>
                <span>{client.clientName}</span>
                <span class="soft small">{client.redirectHost}</span>
                {client.clientId.startsWith("ext:") && (
                  <form method="post" action="/clients/readmit">
                    <input type="hidden" name="csrf" value={owner.session.csrf} />
                    <input type="hidden" name="client_id" value={client.clientId} />
                    <button class="link" type="submit">
                      Let it in again<span class="visually-hidden">: {client.clientName}</span>
                    </button>
                  </form>
                )}
              </li>
            ))}
          </ul>
          {nextRevoked !== null && (
            <p>
              <a href={`/clients?withdrawn_from=${encodeURIComponent(nextRevoked)}`}>
                Show those that were let in before
              </a>
            </p>
          )}
        </details>
      )}
    </Page>,
  );
});

clientsRoutes.post("/clients/revoke", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const clientId = c.get("form").get("client_id") ?? "";
  // The object first: from here on no call of this client passes, whatever KV still says.
  await owner.account.clients.revokeClient(clientId);
  await revokeStoredGrants(c.env.OAUTH_PROVIDER, owner.accountId, new Set([clientId]));
  return c.redirect("/clients", 303);
});

clientsRoutes.post("/clients/readmit", requireOwner, ownerForm, requireConfirmation, async (c) => {
  const clientId = c.get("form").get("client_id") ?? "";
  await c.get("owner").account.clients.readmitClient(clientId);
  return c.redirect("/clients", 303);
});

clientsRoutes.post("/clients/revoke-all", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const revoked = await owner.account.clients.revokeAllClients();
  await revokeStoredGrants(c.env.OAUTH_PROVIDER, owner.accountId, new Set(revoked));
  return c.redirect("/clients", 303);
});

function ClientCard({ client, owner, now }: { client: ConnectedClient; owner: Owner; now: Date }) {
  const { clientId, clientName, scopes, accounts, readOnlyUntil } = client;
  const mayMore = scopes.some((scope) => isScope(scope) && SCOPES[scope].tier !== "read");
  const readOnly = mayMore && readOnlyUntil !== null && Date.parse(readOnlyUntil) > now.getTime();
  return (
    <section class="card">
      <header>
        <h2>{clientName}</h2>
        <span class="tag">{client.redirectHost}</span>
      </header>
      <dl class="facts">
        <dt>Let in</dt>
        <dd>
          <When at={client.admittedAt} now={now} />
        </dd>
        <dt>Last used</dt>
        <dd>
          {client.lastUsedAt === null ? "not yet" : <When at={client.lastUsedAt} now={now} />}
        </dd>
        <dt>Calls</dt>
        <dd>{client.calls.toLocaleString("en")}</dd>
        <dt>May do</dt>
        <dd>{accessInWords(scopes)}</dd>
        <dt>Accounts</dt>
        <dd>{accounts === null ? "all" : accounts.length === 0 ? "none" : accounts.join(", ")}</dd>
        {readOnly && (
          <>
            <dt>First hour</dt>
            <dd>
              may only read; over <When at={readOnlyUntil} now={now} />
            </dd>
          </>
        )}
      </dl>
      <details>
        <summary>Single permissions ({scopes.length})</summary>
        <ul class="small">
          {scopes.map((scope) => (
            <li>{isScope(scope) ? SCOPES[scope].means : scope}</li>
          ))}
        </ul>
      </details>
      <form method="post" action="/clients/revoke">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <input type="hidden" name="client_id" value={clientId} />
        <div class="actions">
          <a class="button quiet" href={`/clients/change?id=${encodeURIComponent(clientId)}`}>
            Change<span class="visually-hidden"> {clientName}</span>
          </a>
          <button class="danger" type="submit">
            Remove<span class="visually-hidden"> of {clientName}</span>
          </button>
        </div>
      </form>
    </section>
  );
}
