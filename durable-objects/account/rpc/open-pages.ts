import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { checkOwnerSession } from "../access/session-lifecycle.ts";
import { findSession } from "../access/tables/owner-sessions.ts";
import { auditSize, eventTypesAfter } from "../audit/tables/log.ts";
import { logAbandoned } from "../platform/log-abandoned.ts";
import { SESSION_HEADER } from "./open-pages-path.ts";
import { isPageNews } from "./page-news.ts";

/**
 * The owner's open pages. Each holds one WebSocket, by which it is told that something changed, and
 * nothing else: what changed it reads as any page is read, with its cookie. Nothing is stored and no
 * timer runs for them, so the object sleeps while they are open, and wakes for them never.
 */

/** Open at once; the oldest is closed and comes back as long as it is looked at. */
const PAGES_MAX = 16;
/** How many events are looked at before they count as news. */
const FEW = 50;
/** Close codes of a page's socket. */
const SIGNED_OUT = 4001;
const TOO_MANY = 4002;
/** A change that the log does not hold, so that its number says nothing. */
const UNNUMBERED = "?";

/** What a page's socket carries through hibernation: the hash of its session's secret. */
interface Attachment {
  readonly page: string;
}

export interface OpenPagesParts {
  readonly ctx: DurableObjectState;
  readonly sql: () => SqlStorage;
  readonly hasTables: () => boolean;
  readonly now: () => number;
}

export class OpenPages {
  readonly #parts: OpenPagesParts;
  readonly #sockets: Set<WebSocket>;
  /** Events up to here were told. */
  #toldUpTo = 0;
  #looks = false;

  constructor(parts: OpenPagesParts) {
    this.#parts = parts;
    // After a restart or a sleep; what was logged before was told before.
    this.#sockets = new Set(parts.ctx.getWebSockets().filter((socket) => pageOf(socket) !== null));
    // Sockets that outlive a deleted account make nothing of it anew.
    if (this.#sockets.size > 0 && parts.hasTables()) this.#toldUpTo = auditSize(parts.sql());
  }

  /** Whether a socket is a page's, and not the relay's. */
  has(socket: WebSocket): boolean {
    return this.#sockets.has(socket) || pageOf(socket) !== null;
  }

  /** The WebSocket upgrade of a page; 401 without a session that is open. */
  accept(request: Request): Response {
    const { ctx, sql, hasTables, now } = this.#parts;
    const secret = request.headers.get(SESSION_HEADER) ?? "";
    if (!hasTables() || checkOwnerSession(sql(), secret, now()) === null) {
      return new Response("sign in first\n", { status: 401 });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    ctx.acceptWebSocket(server);
    server.serializeAttachment({ page: sha256Hex(secret) } satisfies Attachment);
    const [oldest] = this.#sockets;
    if (oldest !== undefined && this.#sockets.size >= PAGES_MAX) this.#end(oldest, TOO_MANY);
    const head = auditSize(sql());
    if (this.#sockets.size === 0) this.#toldUpTo = head;
    this.#sockets.add(server);
    // A page that was made before this number reads itself anew.
    server.send(String(head));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Pages have nothing to say here. */
  heard(socket: WebSocket): void {
    this.#end(socket, 1008);
  }

  closed(socket: WebSocket, code: number): void {
    this.#sockets.delete(socket);
    try {
      socket.close(code >= 4000 || code === 1000 ? code : 1000, "");
    } catch {
      // Closed already.
    }
  }

  /** The log may have grown: once this turn is over, the pages are told of what concerns them. */
  changed(): void {
    if (this.#sockets.size === 0 || this.#looks) return;
    this.#looks = true;
    void Promise.resolve()
      .then(() => {
        this.#looks = false;
        this.#look();
      })
      .catch(logAbandoned("pages.tell"));
  }

  /** Something changed that the log does not hold. */
  changedUnlogged(): void {
    if (this.#sockets.size > 0 && this.#parts.hasTables()) this.#tell(UNNUMBERED);
  }

  #look(): void {
    // Of an account that was deleted nothing is made anew.
    if (!this.#parts.hasTables()) {
      this.#endAll();
      return;
    }
    const sql = this.#parts.sql();
    const types = eventTypesAfter(sql, this.#toldUpTo, FEW);
    if (types.length === 0) return;
    this.#toldUpTo = auditSize(sql);
    if (types.length === FEW || types.some(isPageNews)) this.#tell(String(this.#toldUpTo));
  }

  #endAll(): void {
    for (const socket of [...this.#sockets]) this.#end(socket, SIGNED_OUT);
  }

  #tell(text: string): void {
    const { sql, now } = this.#parts;
    for (const socket of [...this.#sockets]) {
      const session = pageOf(socket);
      if (session === null || findSession(sql(), session, now()) === null) {
        this.#end(socket, SIGNED_OUT);
        continue;
      }
      try {
        socket.send(text);
      } catch {
        this.#sockets.delete(socket);
      }
    }
  }

  #end(socket: WebSocket, code: number): void {
    this.#sockets.delete(socket);
    try {
      socket.close(code, "");
    } catch {
      // Closed already.
    }
  }
}

function pageOf(socket: WebSocket): string | null {
  const attachment: Partial<Attachment> | null = socket.deserializeAttachment();
  return attachment?.page ?? null;
}
