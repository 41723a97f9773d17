import type { AuditEventType } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { READ_SALTS_DAYS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { Hono } from "hono";
import type { Retention } from "../../durable-objects/account/audit/tables/retention.ts";
import type { AuditRecord, SignedHead } from "../../durable-objects/account/rpc/account-types.ts";
import { requireConfirmation } from "../owner/confirm.tsx";
import { requireOwner } from "../owner/owner-session.ts";
import type { PageEnv } from "../web/context.ts";
import { AUDIT_PAGE_ROWS } from "../web/limits.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Message, Page, sendPage, When } from "../web/page.tsx";

/** What was done, by whom and with what outcome: the account's log, the latest first. */
export const auditRoutes = new Hono<PageEnv>();

auditRoutes.get("/audit", requireOwner, async (c) => {
  const owner = c.get("owner");
  const before = c.req.query("before") ?? "";
  const beforeSeq = /^[1-9][0-9]{0,14}$/.test(before) ? Number(before) : undefined;
  const page = await owner.account.auditTail({
    limit: AUDIT_PAGE_ROWS,
    ...(beforeSeq === undefined ? {} : { beforeSeq }),
  });
  const now = new Date();
  // An object of the version before does not tell it with the page.
  const kept = beforeSeq === undefined ? (page.retention ?? null) : null;
  return sendPage(
    c,
    <Page title="Audit" owner={owner} room="/audit">
      <div class="head">
        <h1>Audit log</h1>
        <p class="lead">
          Every call and every decision, in order. Account numbers and contents do not stand in it;
          salted hashes do.
        </p>
      </div>
      <section class="card" aria-label="Events">
        {page.records.length === 0 ? (
          <p class="soft">Nothing has happened yet.</p>
        ) : (
          <ol class="plain rows">
            {page.records.map((record) => (
              <Row record={record} now={now} />
            ))}
          </ol>
        )}
      </section>
      {page.signed !== null && page.signed.size > 0 && (
        <p class="soft small">
          Signed up to #{page.signed.size} as <code>{page.signed.origin}</code>:{" "}
          <a href={`/audit/${page.signed.logId}/checkpoint`}>newest head</a>,{" "}
          <a href={`/audit/${page.signed.logId}/vkey`}>key</a>. Keep a head: it shows whether the
          log was changed since. {witnessWords(page.signed)}
        </p>
      )}
      {kept !== null && <Keeping kept={kept} csrf={owner.session.csrf} />}
      <nav class="pager" aria-label="Pages of the log">
        {beforeSeq === undefined ? (
          <span />
        ) : (
          <a class="button quiet" href="/audit">
            Latest
          </a>
        )}
        {page.nextBeforeSeq !== null && (
          <a class="button quiet" href={`/audit?before=${page.nextBeforeSeq}`} rel="next">
            Older
          </a>
        )}
      </nav>
    </Page>,
  );
});

auditRoutes.post("/audit/retention", requireOwner, ownerForm, requireConfirmation, async (c) => {
  const years = c.get("form").get("years") ?? "";
  await c.get("owner").account.keepFor(/^[1-9]\d?$/.test(years) ? Number(years) : 0);
  return c.redirect("/audit", 303);
});

auditRoutes.post("/audit/erase", requireOwner, ownerForm, requireConfirmation, async (c) => {
  const owner = c.get("owner");
  const text = c.get("form").get("seq") ?? "";
  const seq = /^[1-9]\d{0,14}$/.test(text) ? Number(text) : 0;
  const outcome = await owner.account.eraseEntry(seq);
  const { title, tone, says } = ERASED[outcome];
  return sendPage(
    c,
    <Message title={title} tone={tone} owner={owner} back={{ href: "/audit", label: "Back" }}>
      <p>{says}</p>
    </Message>,
    { status: outcome === "erased" || outcome === "nothing" ? 200 : 400 },
  );
});

const ERASED = {
  erased: {
    title: "Erased",
    tone: "ok",
    says: "Nobody can confirm the private values of this entry here any more. The entry itself stays, so that the log stays whole. What you exported, and what your PC keeps, is yours to erase.",
  },
  nothing: {
    title: "Nothing to erase",
    tone: "ok",
    says: "This entry hides nothing, or what opens it was erased before.",
  },
  unknown: {
    title: "No such entry",
    tone: "warn",
    says: "Type the number of an entry, as it stands beside it.",
  },
  not_confirmed: {
    title: "Not erased",
    tone: "warn",
    says: "A passkey has to confirm it. Sign in again, and try once more.",
  },
} as const;

/** How long what opens private values stays, and what has to happen before it goes. */
function Keeping({ kept, csrf }: { kept: Retention; csrf: string }) {
  return (
    <section class="card" aria-labelledby="keeping">
      <h2 id="keeping">Keeping</h2>
      <p>
        What opens the log's private values, and the proofs of orders, stay here for {kept.years}{" "}
        years. After that they are erased, and only what your PC has exported:{" "}
        {kept.exported_through > 0 ? `up to #${kept.exported_through}` : "nothing"} so far. The log
        itself stays whole. What opens the values of reads goes after {READ_SALTS_DAYS} days.
      </p>
      <p class="soft small">
        Export it at your PC: <code>{sidecarCommand("audit export --out my-log")}</code>
        {kept.erased_through > 0 && <>. Erased up to #{kept.erased_through}.</>}
      </p>
      <form method="post" action="/audit/retention">
        <input type="hidden" name="csrf" value={csrf} />
        <label class="field">
          <span>Years</span>
          <input type="number" name="years" min="1" max="30" required value={String(kept.years)} />
        </label>
        <div class="actions">
          <button class="quiet" type="submit">
            Keep for this many years
          </button>
        </div>
      </form>
      <form method="post" action="/audit/erase">
        <input type="hidden" name="csrf" value={csrf} />
        <label class="field">
          <span>Erase the private values of one entry now</span>
          <input type="number" name="seq" min="1" required placeholder="Its number" />
          <span class="hint">
            Its account, and an order's proof where the entry is the order's end. For good.
          </span>
        </label>
        <div class="actions">
          <button class="danger" type="submit">
            Erase
          </button>
        </div>
      </form>
    </section>
  );
}

/** What the owner's PC, the log's witness, has made of it. */
function witnessWords({ witnessed }: SignedHead): string {
  if (witnessed === null) return "Unwitnessed: no PC has cosigned it yet.";
  if (witnessed.state !== "whole") {
    return `Your PC says that this is not the log that it cosigned. What differs it says with: ${sidecarCommand("status")}`;
  }
  return `Your PC has cosigned it up to #${witnessed.size}.`;
}

/** The entries as they were hashed, for whoever checks the whole log: the owner. */
auditRoutes.get("/audit/:log/tile/entries/*", requireOwner, async (c) => {
  const logId = c.req.param("log");
  const path = new URL(c.req.url).pathname.slice(`/audit/${logId}/`.length);
  const bytes = await c.get("owner").account.auditEntries({ logId, path });
  if (bytes === null) return c.notFound();
  return c.body(Uint8Array.from(bytes), 200, {
    "Content-Type": "application/octet-stream",
    "Cache-Control": "private, no-store",
  });
});

const WORDS: Record<AuditEventType, string> = {
  "tool.call": "Tool call",
  "tool.refused": "Tool call refused",
  "act.begun": "Begun at the PC",
  "log.opened": "Signed log opened",
  "log.key_changed": "Log's key changed",
  "log.exported": "Log exported",
  "log.purged": "Old entries removed",
  "log.witness": "PC cosigns the log",
  "log.rolled_back": "Log shorter than the PC's",
  "log.forked": "Log contradicts the PC's",
  "log.another_log": "Another log than the PC's",
  "log.settled": "Log and PC agree again",
  "log.healed": "Log's end put back",
  "book.unmatched": "Broker's book: not explained",
  "book.not_reconcilable": "Broker's book: not shown any more",
  "auth.denied": "Access denied",
  "owner.signed_in": "You signed in",
  "owner.sign_in_refused": "Sign-in refused",
  "owner.signed_out": "You signed out",
  "owner.session_revoked": "Another sign-in ended",
  "owner.confirmed": "You confirmed that it is you",
  "owner.passkey_added": "Passkey added",
  "owner.passkey_refused": "Passkey refused",
  "owner.passkey_removed": "Passkey removed",
  "owner.setting_changed": "Setting changed",
  "owner.recovery_begun": "Way back asked for at a PC",
  "owner.recovery_stopped": "Way back stopped",
  "owner.foreign_link": "Link of another account opened",
  "owner.erased": "Private values erased",
  "client.admitted": "Client let in",
  "client.changed": "Client changed",
  "client.revoked": "Client withdrawn",
  "sidecar.paired": "PC paired",
  "sidecar.pairing_refused": "Pairing refused",
  "sidecar.connected": "PC connected",
  "sidecar.disconnected": "PC disconnected",
  "sidecar.key_rotated": "PC's key changed",
  "sidecar.pairing_undone": "PC gave its pairing up",
  "sidecar.chosen": "PC taken into use",
  "sidecar.revoked": "PC revoked",
  "mandate.signed": "Mandate signed",
  "mandate.confirmed": "Mandate in force",
  "approver.enrolled": "Approver enrolled at the PC",
  "mandate.revoked": "Mandate revoked",
  "broker.session": "Broker session changed",
  "broker.order": "Order changed",
  "broker.execution": "Fill",
  "approval.requested": "Approval asked for",
  "approval.decided": "Approval decided",
  "order.submitted": "Order sent to the PC",
  "order.refused": "Order refused",
  "order.state": "Order's state changed",
  "order.alert": "Alert",
  "order.settled": "Order settled",
  "order.amended": "Order's end corrected",
  "kill.engaged": "Trading stopped",
  "kill.lifted": "Stop lifted",
  "policy.changed": "Limits changed",
};

function Row({ record, now }: { record: AuditRecord; now: Date }) {
  const { event } = record;
  const { what } = event;
  const bad = what.decision !== "allow" || what.result === "error";
  const title = what.tool ?? WORDS[event.type] ?? event.type;
  const outcome =
    what.decision === "allow" ? (what.result === "error" ? "failed" : null) : "refused";
  return (
    <li>
      <div class="line">
        <span class={`state ${bad ? "bad" : "ok"}`}>
          {title}
          {outcome !== null && <span class="visually-hidden">, {outcome}</span>}
        </span>
        <span class="soft small">
          <When at={event.ended_at} now={now} />
        </span>
      </div>
      <div class="line small soft">
        <span>
          {event.who.kind}
          {what.error_code !== null && (
            <>
              {" · "}
              <code>{what.error_code}</code>
            </>
          )}
        </span>
        <span class="mono">#{record.seq}</span>
      </div>
    </li>
  );
}
