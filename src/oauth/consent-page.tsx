import type { ConsentDescription } from "@cloudflare/workers-oauth-provider";
import {
  type AccessChoiceId,
  choiceOf,
  choiceWith,
} from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { BASELINE_SCOPES, SCOPES, type Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import type {
  BrokerAccount,
  ClientConnection,
  ConnectedClient,
} from "../../durable-objects/account/rpc/account-types.ts";
import { displayText } from "../web/client-text.ts";
import { Page } from "../web/page.tsx";
import type { Owner } from "../web/signed-in-owner.ts";
import { AccessChoices } from "./access-choices.tsx";
import { AccountChoices } from "./account-choices.tsx";
import type { LiveNeed } from "./live-needs.ts";
import { OtherConnections } from "./other-connections.tsx";

/** Who asks, what the owner gives, and where the answer goes. */
export function ConsentPage(props: {
  owner: Owner;
  details: ConsentDescription;
  /** What the client asked for by name. */
  asked: readonly Scope[];
  /** The same client, where it is let in already. */
  known: ConnectedClient | null;
  /** Those it has already. */
  connections: readonly ClientConnection[];
  accounts: BrokerAccount[] | null;
  live: readonly LiveNeed[];
  handle: string;
  now: Date;
}) {
  const { owner, details, asked, known, connections, accounts, live, handle, now } = props;
  const name = displayText(details.clientName);
  const host = displayText(details.redirectHost, 253);
  const reads = asked.filter((scope) => SCOPES[scope].tier === "read");
  const beside = reads.filter((scope) => !BASELINE_SCOPES.includes(scope));
  const narrow =
    reads.length === asked.length && !BASELINE_SCOPES.every((scope) => reads.includes(scope));
  return (
    <Page title={`Access for ${host}`} narrow>
      <div class="head">
        <h1>
          {details.redirectIsLoopback ? (
            <>
              Give an app on <span class="mono">{host}</span> access?
            </>
          ) : (
            <>
              Give <span class="mono">{host}</span> access?
            </>
          )}
        </h1>
        <p class="lead">
          It calls itself <strong>{name}</strong>.{" "}
          {details.clientDomain === undefined
            ? "It registered itself; nobody has verified that name."
            : `Its description is published at ${displayText(details.clientDomain, 253)}.`}
        </p>
      </div>
      {details.redirectIsLoopback && (
        <div class="note warn">
          <p>
            Access goes to a program on the computer you are using now. Any program there could be
            waiting for it: continue only if you have just started this yourself.
          </p>
        </div>
      )}
      <form class="card" method="post" action="/authorize">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <input type="hidden" name="handle" value={handle} />
        <input type="hidden" name="app" value={`${name} at ${host}`} />
        <AccessChoices
          chosen="read"
          ticked={[...new Set([...BASELINE_SCOPES, ...reads])]}
          live={live}
          tags={tagsOf(asked, known)}
          askedOnly={narrow ? reads : []}
          askedBeside={beside}
        />
        <fieldset>
          <legend>First hour</legend>
          <label class="choice">
            <input type="checkbox" name="at_once" value="yes" />
            <span>Let it do more than read from the first minute</span>
            <span class="hint">Otherwise a new client may only read for its first hour.</span>
          </label>
        </fieldset>
        <AccountChoices chosen={known?.accounts ?? null} listed={accounts} />
        <OtherConnections {...{ connections, now }} onConsent />
        <div class="actions">
          <button type="submit" name="decision" value="approve">
            Allow
          </button>
          <button class="quiet" type="submit" name="decision" value="deny">
            Deny
          </button>
        </div>
        <p class="soft small">You can change or end this at any time under Clients.</p>
      </form>
      <details class="small">
        <summary>Where the answer goes</summary>
        <dl class="facts">
          <dt>Address</dt>
          <dd class="mono">{displayText(details.redirectUri, 300)}</dd>
          <dt>Client id</dt>
          <dd class="mono">{displayText(details.clientId, 300)}</dd>
        </dl>
      </details>
    </Page>
  );
}

/** Which choice it has now, and which one it asks for where that is more than reading. */
function tagsOf(asked: readonly Scope[], known: ConnectedClient | null) {
  const tags: Partial<Record<AccessChoiceId, string>> = {};
  const orders = asked.filter((scope) => SCOPES[scope].tier !== "read");
  const wanted = orders.length === 0 ? null : choiceWith(orders);
  if (wanted !== null) tags[wanted.id] = "it asks for this";
  const has = known === null ? null : choiceOf(known.scopes);
  if (has !== null) tags[has.id] = has === wanted ? "it asks for this and has it" : "it has this";
  return tags;
}
