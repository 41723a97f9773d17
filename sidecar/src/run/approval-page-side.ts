import { hostname } from "node:os";
import type { DatabaseSync } from "node:sqlite";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { lookAtHostedPages } from "../approval-page-server/check-hosted-page.ts";
import { fillPage, pageSha256, readPageTemplate } from "../approval-page-server/fill-page-file.ts";
import { isTaken } from "../approval-page-server/loopback-listen.ts";
import {
  loopbackOrigin,
  loopbackPort,
  newLoopbackPort,
} from "../approval-page-server/loopback-port.ts";
import { type Loopback, startLoopback } from "../approval-page-server/loopback-server.ts";
import { tellOfNewVersion } from "../approval-page-server/new-page-version.ts";
import { pageName } from "../approval-page-server/page-name.ts";
import { approvalPageSettings, hostedPageSettings } from "../approval-page-server/page-settings.ts";
import type { Clock } from "../client-portal/clock.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import type { Pairing } from "../config/pairing-file.ts";
import type { PageService } from "../orders/approval-page/page-service.ts";
import { ticketKeyText } from "../orders/approval-page/page-service-parts.ts";
import type { Reach } from "../orders/notify/desktop-and-webhook.ts";
import {
  openSigningKey,
  type SigningKey,
  STATEMENT_KEY_FILE,
} from "../trust/pc-keys/statement-and-witness-keys.ts";
import { findApprover, listApprovers, onProbation } from "../trust/tables/approvers.ts";
import { noteMadePage } from "../trust/tables/made-pages.ts";
import { noteOnce } from "../trust/tables/trust-notes.ts";
import { hostedPageFault } from "../trust/verify/hosted-page-fault.ts";

/** The owner's own page at this PC: its key, its loopback server, and the hourly look at the hosted one. */
export interface ApprovalPageSide {
  readonly ticketKey: SigningKey;
  hostedFault(credentialId: string): OrderRefusal | null;
  start(running: {
    pageService: PageService;
    clock: Clock;
    logger: BrokerLogger;
    reach: Reach;
    simulator: boolean;
  }): void;
  close(): void;
}

const LOOK_EVERY_MS = 60 * 60_000;
const FIRST_LOOK_MS = 30_000;

export function openApprovalPageSide(
  configDir: string,
  pairing: Pairing,
  db: DatabaseSync,
  fetching: typeof fetch = fetch,
): ApprovalPageSide {
  const ticketKey = openSigningKey(configDir, STATEMENT_KEY_FILE);
  let loopback: Loopback | null = null;
  let closed = false;
  let cancelLook = (): void => {};
  return {
    ticketKey,
    hostedFault: (credentialId) =>
      hostedPageFault(db, findApprover(db, credentialId, true)?.relyingParty?.origins ?? []),
    start({ pageService, clock, logger, reach, simulator }) {
      if (!simulator) tellOfProbation(db, clock.now(), reach, logger);
      const template = templateOf(logger);
      if (template === null) return;
      const key = ticketKeyText(ticketKey);
      const name = nameInPage(configDir, logger);
      const page = fillPage(template, approvalPageSettings(pairing, key, name));
      const hosted = pageSha256(fillPage(template, hostedPageSettings(pairing, key, name)));
      noteMadePage(db, hosted, clock.now());
      void serve({ configDir, page, pageService, db, nowMs: clock.now, logger }).then((started) => {
        if (closed) void started?.close();
        else loopback = started;
      });
      const look = (): void => {
        void lookAtHostedPages(db, hosted, { fetching, nowMs: clock.now() })
          .then((urls) => {
            tellOfOthers(urls, reach, logger);
            tellOfNewVersion(db, hosted, clock.now(), reach, logger);
          })
          .catch((error: unknown) =>
            logger.error({ err: error }, "the hosted page was not looked at"),
          );
        cancelLook = clock.after(LOOK_EVERY_MS, look);
      };
      cancelLook = clock.after(FIRST_LOOK_MS, look);
    },
    close() {
      closed = true;
      cancelLook();
      void loopback?.close();
    },
  };
}

/** A file of a name that cannot be read keeps nothing else back. */
function nameInPage(configDir: string, logger: BrokerLogger): string {
  try {
    return pageName(configDir);
  } catch (error) {
    logger.error({ err: error }, "the name in this PC's approval page could not be kept");
    return hostname();
  }
}

/** Null where this copy of the program was not built; then there is no page to serve. */
function templateOf(logger: BrokerLogger): string | null {
  try {
    return readPageTemplate();
  } catch {
    logger.debug({}, "this copy was not built, so it serves no approval page");
    return null;
  }
}

async function serve(
  parts: { configDir: string; logger: BrokerLogger } & Omit<
    Parameters<typeof startLoopback>[0],
    "port" | "logger"
  >,
): Promise<Loopback | null> {
  const { logger } = parts;
  try {
    const { port, started } = await serveSomewhere(parts);
    logger.info({ origin: loopbackOrigin(port) }, "this PC's own approval page is served");
    return started;
  } catch (error) {
    logger.error(
      { err: error },
      "this PC's own approval page is not served: its port is taken by another program",
    );
    return null;
  }
}

/** At this PC's port; while no passkey is bound to it a port that is taken is given up for another. */
async function serveSomewhere(
  parts: Parameters<typeof serve>[0],
): Promise<{ port: number; started: Loopback }> {
  const { configDir, db } = parts;
  const port = await loopbackPort(configDir);
  try {
    return { port, started: await startLoopback({ ...parts, port }) };
  } catch (error) {
    const origin = loopbackOrigin(port);
    const isBound = listApprovers(db).some(
      ({ relyingParty }) => relyingParty?.origins.includes(origin) === true,
    );
    if (!isTaken(error) || isBound) throw error;
    const other = await newLoopbackPort(configDir);
    return { port: other, started: await startLoopback({ ...parts, port: other }) };
  }
}

/** Once: what changed for the passkeys that this PC took before, and the command that ends it. */
function tellOfProbation(
  db: DatabaseSync,
  nowMs: number,
  reach: Reach,
  logger: BrokerLogger,
): void {
  const keys = onProbation(db);
  if (keys.length === 0 || !noteOnce(db, "probation", nowMs)) return;
  const words = [
    "The gateway serves the page on which this passkey is used, so a tap alone says nothing about",
    "what you saw. From now on whatever it approves, paper too, needs the four-digit number that this",
    "PC shows. Not so cancels of your own orders, the kill switch, and six exits a day near the market.",
    `A passkey of this PC's own needs no number: ${sidecarCommand("approvers enrol")}`,
  ];
  reach.terminal([`Changed for ${keys.map(({ label }) => `"${label}"`).join(", ")}:`, ...words]);
  void reach.desktop("Approvals need a number now", words.join(" "));
  logger.warn({ approvers: keys.length }, words.join(" "));
}

function tellOfOthers(urls: readonly string[], reach: Reach, logger: BrokerLogger): void {
  for (const url of urls) {
    const title = "Your approval page is another one";
    const words = [
      `The file at ${url} is not the one that this PC made. No answer of it is taken any more.`,
      `Look why. If it is right: ${sidecarCommand("approver-page accept")}`,
    ];
    reach.terminal([`${title}:`, ...words.map((line) => `  ${line}`)]);
    void reach.desktop(title, words.join(" "));
    void reach.push(title, words.join(" "));
    logger.warn({ url }, title);
  }
}
