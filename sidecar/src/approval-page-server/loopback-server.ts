import { createServer, type IncomingMessage, Server, type ServerResponse } from "node:http";
import type { Server as NetServer } from "node:net";
import type { DatabaseSync } from "node:sqlite";
import { APPROVER_LIMITS } from "@ibkr-edge-gateway/protocol/approval-page/approver-limits.ts";
import { APPROVER_PATHS } from "@ibkr-edge-gateway/protocol/approval-page/page-answers.ts";
import { PageMessage } from "@ibkr-edge-gateway/protocol/approval-page/page-message.ts";
import { type PageService, pendingForPage } from "../orders/approval-page/page-service.ts";
import { findPage } from "../trust/tables/approver-pages.ts";
import { pageHeaders } from "./fill-page-file.ts";
import { closed, listenOnLoopback } from "./loopback-listen.ts";
import { LOOPBACK_RP_ID } from "./loopback-port.ts";
import { linkHolds, proofOf } from "./page-links.ts";

/**
 * This PC's own approval page, on this machine alone. A page elsewhere can neither read from it (no
 * CORS) nor make a browser post to it (`Sec-Fetch-Site`, `Origin`); a name that was bent to this
 * address is refused by `Host`; there is no cookie that another port could send along.
 */
export interface LoopbackParts {
  port: number;
  /** The page's file, filled in for this PC. */
  page: string;
  pageService: Pick<PageService, "pending" | "olderWaits" | "submit" | "receipts">;
  db: DatabaseSync;
  nowMs(): number;
  logger: { error(context: object, message: string): void };
}

export interface Loopback {
  close(): Promise<void>;
}

/** Where the command line asks who answers at the port. */
export const PROOF_PATH = "/approver/v1/proof";

/**
 * Rejects where the port is taken on either address: browsers turn `localhost` into `::1` first, and
 * whoever listens there would be handed the link, and stand at the origin of this PC's passkey. A
 * machine without IPv6 serves without it.
 */
export async function startLoopback(parts: LoopbackParts): Promise<Loopback> {
  const { servers } = await listenOnLoopback(
    () =>
      createServer({ requestTimeout: 15_000, maxHeaderSize: 8_192 }, (request, response) => {
        answer(parts, request, response).catch((error: unknown) => {
          parts.logger.error({ err: error }, "a request to the approval page failed");
          if (!response.headersSent)
            say(response, 500, { error: "INTERNAL", message: "It failed." });
          response.end();
        });
      }),
    parts.port,
  );
  return {
    close: () => closeAll(servers),
  };
}

async function closeAll(servers: readonly NetServer[]): Promise<void> {
  for (const server of servers) {
    if (server instanceof Server) server.closeAllConnections();
    await closed(server);
  }
}

async function answer(
  parts: LoopbackParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = refused(parts, request);
  if (refusal !== null) {
    say(response, refusal.status, { error: "REFUSED", message: refusal.message });
    return;
  }
  const url = new URL(request.url ?? "/", `http://${LOOPBACK_RP_ID}:${parts.port}`);
  if (request.method === "GET" && url.pathname === "/") {
    response.writeHead(200, pageHeaders(parts.page)).end(parts.page);
    return;
  }
  if (request.method === "GET" && url.pathname === PROOF_PATH) {
    prove(parts, url, response);
    return;
  }
  if (!linkHolds(parts.db, bearer(request), parts.nowMs())) {
    say(response, 401, {
      error: "UNAUTHENTICATED",
      message: "This link has ended. Open the page anew from the PC.",
    });
    return;
  }
  await serve(parts, request, response, url.pathname);
}

async function serve(
  { pageService }: LoopbackParts,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  switch (`${request.method} ${path}`) {
    case `GET ${APPROVER_PATHS.pending}`:
      say(response, 200, { v: 1, envelopes: await pendingForPage(pageService) });
      return;
    case `GET ${APPROVER_PATHS.receipts}`:
      say(response, 200, { v: 1, receipts: await pageService.receipts() });
      return;
    case `POST ${APPROVER_PATHS.approvals}`: {
      const message = PageMessage.safeParse(await readJson(request));
      if (!message.success) {
        say(response, 400, {
          error: "INPUT_INVALID",
          message: "That is no message of the page's.",
        });
        return;
      }
      const { accepted, receipt, refusals } = await pageService.submit(message.data, "loopback");
      say(response, 200, {
        v: 1,
        accepted,
        receipt,
        refusals: refusals.map(({ code, message: words }) => ({ code, message: words })),
      });
      return;
    }
    default:
      say(response, 404, { error: "NOT_FOUND", message: "There is nothing here." });
  }
}

/** Why a request is not served whatever it asks for; null when it may be. */
function refused(
  { port }: Pick<LoopbackParts, "port">,
  request: IncomingMessage,
): { status: number; message: string } | null {
  const own = `${LOOPBACK_RP_ID}:${port}`;
  const { host, origin } = request.headers;
  if (host !== own) return { status: 421, message: `This is ${own} and nothing else.` };
  if (request.method !== "GET" && request.method !== "POST") {
    return { status: 405, message: "It is read and posted to." };
  }
  if (request.method !== "POST") return null;
  const site = request.headers["sec-fetch-site"];
  const otherSite = site !== undefined && site !== "same-origin" && site !== "none";
  // A browser that says nothing of the site says where the page is from.
  const unknown = site === undefined && origin === undefined;
  if (otherSite || unknown || (origin !== undefined && origin !== `http://${own}`)) {
    return { status: 403, message: "Only this PC's own page posts here." };
  }
  return null;
}

/** Shows that whoever answers here reads this PC's own files. */
function prove({ db, nowMs }: LoopbackParts, url: URL, response: ServerResponse): void {
  const link = url.searchParams.get("link") ?? "";
  const challenge = url.searchParams.get("challenge") ?? "";
  const known =
    /^[0-9a-f]{64}$/.test(challenge) &&
    /^[0-9a-f]{64}$/.test(link) &&
    findPage(db, link, nowMs()) !== null;
  if (known) say(response, 200, { v: 1, proof: proofOf(link, challenge) });
  else say(response, 404, { error: "NOT_FOUND", message: "There is nothing here." });
}

const bearer = (request: IncomingMessage): string =>
  /^Bearer ([A-Za-z0-9_-]{43})$/.exec(request.headers.authorization ?? "")?.[1] ?? "";

/** Undefined for what is no JSON, or too much of it. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) return undefined;
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) return undefined;
    bytes += part.length;
    if (bytes > APPROVER_LIMITS.messageMaxBytes) return undefined;
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    return undefined;
  }
}

function say(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, {
      "Content-Type": "application/json",
      "Cache-Control": "no-store",
      "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
      "Cross-Origin-Resource-Policy": "same-origin",
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
    })
    .end(JSON.stringify(body));
}
