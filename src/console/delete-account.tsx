import { PasskeyAssertion, readPasskeyJson } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { type Context, Hono } from "hono";
import type {
  DeletionOutcome,
  DeletionView,
} from "../../durable-objects/account/rpc/owner/delete-account.ts";
import { revokeAllStoredGrants } from "../oauth/grants.ts";
import { requireOwner } from "../owner/owner-session.ts";
import { log } from "../web/log.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Message, Page, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { PasskeyForm, useOptions } from "../web/passkey-form.tsx";
import type { Owner } from "../web/signed-in-owner.ts";

/** The end of an account: what goes, what stays and why, and a passkey that says so. */
export const deleteAccountRoutes = new Hono<PageEnv>();

const BACK = { href: "/security/delete", label: "Back" };

deleteAccountRoutes.get("/security/delete", requireOwner, async (c) => {
  const owner = c.get("owner");
  const view = await owner.account.security.deletionView();
  const blocked = view.openOrders.length > 0 && view.pcConnected;
  return sendPage(
    c,
    <Page title="Delete this account" owner={owner} room="/security" narrow>
      <div class="head">
        <h1>Delete this account</h1>
        <p class="lead">For good: nobody can undo it.</p>
      </div>
      <Orders view={view} />
      <WhatGoes view={view} />
      {view.hasPasskey ? (
        !blocked && (await form(c, view, owner))
      ) : (
        <p class="note warn">
          A passkey has to confirm the deletion, and there is none yet.{" "}
          <a href="/security/passkeys/new">Add a passkey</a>
        </p>
      )}
    </Page>,
    { script: true },
  );
});

deleteAccountRoutes.post("/security/delete", requireOwner, ownerForm, async (c) => {
  const owner = c.get("owner");
  const fields = c.get("form");
  const assertion = readPasskeyJson(PasskeyAssertion, fields.get("response") ?? "");
  const { pcs } = await owner.account.security.deletionView();
  const outcome =
    assertion === null
      ? "not_proved"
      : await owner.account.security.deleteAccount({
          assertion,
          withoutExport: fields.get("without_export") === "yes",
          leaveOrders: fields.get("leave_orders") === "yes",
        });
  if (outcome !== "begun") {
    return sendPage(
      c,
      <Message title="The account was not deleted" owner={owner} back={BACK}>
        <p>{NOT_DELETED[outcome]}</p>
      </Message>,
      { status: outcome === "not_proved" ? 400 : 409 },
    );
  }
  // The object refuses them already; this is what is left of them in the token store.
  try {
    await revokeAllStoredGrants(c.env.OAUTH_PROVIDER, owner.accountId);
  } catch (error) {
    // The account is gone all the same, and its owner is told so.
    log("error", "account.grants_left", { error: error instanceof Error ? error.name : "unknown" });
  }
  return sendPage(
    c,
    <Message
      title="The account is deleted"
      tone="ok"
      back={{ href: "/sign-in", label: "To the sign-in page" }}
    >
      <p>
        Agents, PCs and sign-ins are out now; what was stored is erased within a minute.
        {pcs.length > 0 && (
          <>
            {" "}
            To remove keys and settings from {pcs.join(", ")}, run there:{" "}
            <code>{sidecarCommand("uninstall")}</code>
          </>
        )}
      </p>
    </Message>,
  );
});

const NOT_DELETED: Record<Exclude<DeletionOutcome, "begun">, string> = {
  not_proved: "The passkey did not confirm it, or the page had been open for too long.",
  open_orders: "Orders are not known to have ended. Cancel them first.",
  not_exported:
    "Your last export does not hold all of the log. Export it, or say that the rest may go.",
};

function Orders({ view: { openOrders, pcConnected } }: { view: DeletionView }) {
  if (openOrders.length === 0) return null;
  return (
    <section class="card" aria-labelledby="orders">
      <h2 id="orders">Orders come first</h2>
      <p class="note bad">These are not known to have ended:</p>
      <ul class="plain rows">
        {openOrders.map(({ coid, action }) => (
          <li>
            <span class="mono">{coid}</span>
            <span class="soft small">{action}</span>
          </li>
        ))}
      </ul>
      <p>
        {pcConnected ? (
          <>
            <a href="/orders">Cancel them</a>, and come back when they have ended. An order whose
            end your PC cannot learn any more can be left once the sidecar is stopped on the PC.
          </>
        ) : (
          <>No PC is connected to cancel them. Cancel at IBKR what still stands.</>
        )}
      </p>
    </section>
  );
}

function WhatGoes({ view: { pcs } }: { view: DeletionView }) {
  return (
    <section class="card" aria-labelledby="what">
      <h2 id="what">What goes, and what stays</h2>
      <p>
        Here everything goes: sign-ins and passkeys, agents and their tokens, pairings, limits,
        mandates, previews and orders' records, and every entry of the log, here and in its copy.
        Proofs of single orders go too: download those that you need under{" "}
        <a href="/orders">Orders</a>.
      </p>
      <ul>
        <li>
          The last signed head of the log stays: one hash, without your name, so that an export or a
          proof that you keep can still be compared with it.
        </li>
        <li>
          Orders and positions stay at IBKR, which keeps its own records. If you have to keep
          records of your orders for some years, your export is what you keep.
        </li>
        <li>
          {pcs.length === 0 ? "A PC" : pcs.join(", ")} keeps its own records of what it sent. There,{" "}
          <code>{sidecarCommand("uninstall")}</code> removes keys and settings, and with{" "}
          <code>--records</code> these records too.
        </li>
        <li>Cloudflare keeps its own backups for up to 30 days.</li>
      </ul>
    </section>
  );
}

async function form(c: Context<PageEnv>, view: DeletionView, owner: Owner) {
  const ceremony = await owner.account.security.beginConfirmation();
  return (
    <PasskeyForm
      action="/security/delete"
      ceremony={useOptions(c.get("settings"), ceremony)}
      fields={{ csrf: owner.session.csrf }}
      button="Delete the account with a passkey"
    >
      {view.notExported > 0 && (
        <>
          <p>
            {view.notExported} entries of the log are in no export. Take one at your PC first:{" "}
            <code>{sidecarCommand("audit export --out my-log")}</code>
          </p>
          <label class="choice">
            <input type="checkbox" name="without_export" value="yes" />
            <span>What is not exported may go</span>
          </label>
        </>
      )}
      {view.openOrders.length > 0 && (
        <label class="check">
          <input type="checkbox" name="leave_orders" value="yes" /> I have looked at IBKR; leave
          these orders as they are
        </label>
      )}
    </PasskeyForm>
  );
}
