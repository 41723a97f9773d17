import type { AuditEvent } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { READ_SALTS_DAYS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { Hono } from "hono";
import type { Retention } from "../../durable-objects/account/audit/tables/retention.ts";
import type { AuditRecord, SignedHead } from "../../durable-objects/account/rpc/account-types.ts";
import { requireConfirmation } from "../owner/confirm.tsx";
import { requireOwner } from "../owner/owner-session.ts";
import { displayText } from "../web/client-text.ts";
import { AUDIT_PAGE_ROWS } from "../web/limits.ts";
import { ownerForm } from "../web/owner-form.ts";
import { Message, Page, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { isKind, KINDS, type Kind, type Names, sentenceOf, whoDid } from "./audit-words.ts";

/** What was done, by whom and with what outcome: the account's log, the latest first. */
export const auditRoutes = new Hono<PageEnv>();

auditRoutes.get("/audit", requireOwner, async (c) => {
  const owner = c.get("owner");
  const before = c.req.query("before") ?? "";
  const beforeSeq = /^[1-9][0-9]{0,14}$/.test(before) ? Number(before) : undefined;
  const kind = c.req.query("kind") ?? "";
  const narrowed = {
    kind: isKind(kind) ? kind : null,
    text: (c.req.query("q") ?? "").trim().slice(0, 80).toLowerCase(),
  };
  const [clients, page] = await Promise.all([
    owner.account.clients.listClients({ active: null, withdrawn: null }),
    owner.account.auditTail({
      limit: narrowed.kind === null && narrowed.text === "" ? AUDIT_PAGE_ROWS : SEARCHED_ROWS,
      ...(beforeSeq === undefined ? {} : { beforeSeq }),
    }),
  ]);
  const named = [...clients.active.clients, ...clients.withdrawn.clients];
  const names: Names = new Map(
    named.map(({ clientId, clientName }) => [clientId, displayText(clientName, 80)]),
  );
  const records = page.records.filter(({ event }) => fits(event, names, narrowed));
  // An object of the version before does not tell it with the page.
  const kept = beforeSeq === undefined ? (page.retention ?? null) : null;
  const chosen = new URLSearchParams(
    Object.entries({ kind: narrowed.kind ?? "", q: narrowed.text }).filter(([, value]) => value),
  );
  return sendPage(
    c,
    <Page title="What happened" owner={owner} room="/audit">
      <div class="head">
        <h1>What happened</h1>
        <p class="lead">
          Every call and every decision, the latest first. Times are UTC. Account numbers do not
          stand in the log; salted hashes do.
        </p>
      </div>
      <Narrow kind={narrowed.kind} text={narrowed.text} />
      {records.length === 0 && (
        <p class="card soft">
          {page.records.length === 0
            ? "Nothing has happened yet."
            : `None of the ${page.records.length} entries from here on fits. Older ones may.`}
        </p>
      )}
      {byDay(records).map(([day, entries]) => (
        <section class="card" aria-label={day}>
          <h2>{day}</h2>
          <ol class="plain rows">
            {entries.map((record) => (
              <Entry record={record} names={names} />
            ))}
          </ol>
        </section>
      ))}
      <nav class="pager" aria-label="Pages of the log">
        {beforeSeq === undefined ? (
          <span />
        ) : (
          <a class="button quiet" href={`/audit?${chosen}`}>
            Latest
          </a>
        )}
        {page.nextBeforeSeq !== null && (
          <a
            class="button quiet"
            href={`/audit?${new URLSearchParams([...chosen, ["before", String(page.nextBeforeSeq)]])}`}
            rel="next"
          >
            Older
          </a>
        )}
      </nav>
      {page.signed !== null && page.signed.size > 0 && (
        <p class="soft small">
          Signed up to #{page.signed.size} as <code>{page.signed.origin}</code>:{" "}
          <a href={`/audit/${page.signed.logId}/checkpoint`}>newest head</a>,{" "}
          <a href={`/audit/${page.signed.logId}/vkey`}>key</a>. Keep a head: it shows whether the
          log was changed since. {witnessWords(page.signed)}
        </p>
      )}
      {kept !== null && <Keeping kept={kept} csrf={owner.session.csrf} />}
    </Page>,
  );
});

/** How many entries are looked through at once for those that fit. */
const SEARCHED_ROWS = 200;

function fits(
  event: AuditEvent,
  names: Names,
  { kind, text }: { kind: Kind | null; text: string },
): boolean {
  if (kind !== null && !KINDS[kind].of.test(event.type)) return false;
  if (text === "") return true;
  const facts = [sentenceOf(event, names), event.what.error_code, ...Object.values(event.meta)];
  return facts.join("\n").toLowerCase().includes(text);
}

function byDay(records: readonly AuditRecord[]): [string, AuditRecord[]][] {
  const days = new Map<string, AuditRecord[]>();
  for (const record of records) {
    const day = DAY.format(new Date(record.event.ended_at));
    days.set(day, [...(days.get(day) ?? []), record]);
  }
  return [...days];
}

const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeZone: "UTC" });

function Narrow({ kind, text }: { kind: Kind | null; text: string }) {
  return (
    <form method="get" action="/audit" class="narrow-by">
      <label class="field">
        <span>Show</span>
        <select name="kind">
          <option value="">Everything</option>
          {Object.entries(KINDS).map(([name, { words }]) => (
            <option value={name} selected={name === kind}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Search</span>
        <input type="text" name="q" value={text} maxlength={80} autocomplete="off" />
      </label>
      <button class="quiet" type="submit">
        Show
      </button>
    </form>
  );
}

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
  const done = outcome === "erased" || outcome === "nothing";
  return sendPage(
    c,
    <Message
      title={outcome === "erased" ? "Erased" : "Nothing was erased"}
      tone={done ? "ok" : "warn"}
      owner={owner}
      back={{ href: "/audit", label: "Back" }}
    >
      <p>{ERASED[outcome]}</p>
    </Message>,
    { status: done ? 200 : 400 },
  );
});

const ERASED = {
  erased:
    "Nobody can confirm this entry's private values here any more; the entry itself stays. What you exported, and what your PC keeps, is yours to erase.",
  nothing: "There is nothing to erase: it hides nothing, or was erased before.",
  unknown: "There is no such entry. Type the number that stands beside it.",
  not_confirmed: "A passkey has to confirm it.",
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

/** What happened, at what time; opened, everything that the entry says. */
function Entry({ record, names }: { record: AuditRecord; names: Names }) {
  const { event } = record;
  const { what } = event;
  const bad = what.decision === "refuse" || what.result === "error";
  const facts = Object.entries(event.meta).filter(([, value]) => value !== "");
  return (
    <li>
      <details>
        <summary>
          <time datetime={event.ended_at} class="soft small mono">
            {event.ended_at.slice(11, 19)}
          </time>{" "}
          <span class={bad ? "refused" : ""}>{sentenceOf(event, names)}</span>
        </summary>
        <dl class="facts">
          <dt>By</dt>
          <dd>{whoDid(event, names)}</dd>
          {what.error_code !== null && (
            <>
              <dt>Refused as</dt>
              <dd class="mono">{what.error_code}</dd>
            </>
          )}
          {facts.map(([name, value]) => (
            <>
              <dt>{name.replaceAll("_", " ")}</dt>
              <dd class="mono">{displayText(value, 300)}</dd>
            </>
          ))}
          <dt>Entry</dt>
          <dd class="mono">
            #{record.seq}, {event.type}, {event.ended_at}
          </dd>
        </dl>
      </details>
    </li>
  );
}
