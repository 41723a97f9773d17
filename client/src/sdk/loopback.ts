import { createServer, type Server, type ServerResponse } from "node:http";
import { IbkrError } from "./errors.ts";

const CALLBACK_PATH = "/callback";

/** The browser's way back after consent. */
export interface Loopback {
  /** What the gateway is told to send the browser to. */
  redirectUrl: string;
  /** The query of the one answer that carries `state`. */
  answer(state: string, signal: AbortSignal): Promise<URLSearchParams>;
  close(): Promise<void>;
}

const PAGE_HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": "default-src 'none'",
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  Connection: "close",
};

/**
 * Listens on this computer alone, on a free port, for one answer. Whatever asks for another path, or
 * brings another state, is sent away: it is not the answer to this question.
 */
export async function listenOnLoopback(): Promise<Loopback> {
  let settle: ((query: URLSearchParams) => void) | undefined;
  let expected: string | undefined;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    if (request.method !== "GET" || url.pathname !== CALLBACK_PATH) {
      return page(response, 404, "There is nothing here.");
    }
    if (expected === undefined || url.searchParams.get("state") !== expected) {
      return page(response, 400, "This is not the sign-in that was asked for. Start it again.");
    }
    expected = undefined;
    const said = url.searchParams.has("error") ? "Access was not given." : "You are signed in.";
    page(response, 200, `${said} You can close this tab and go back to the terminal.`);
    settle?.(url.searchParams);
  });
  const port = await listen(server);
  return {
    redirectUrl: `http://127.0.0.1:${port}${CALLBACK_PATH}`,
    answer(state, signal) {
      expected = state;
      return new Promise((resolve, reject) => {
        settle = resolve;
        const end = () =>
          reject(new IbkrError("SIGN_IN_REQUIRED", "Nobody came back from the sign-in page."));
        if (signal.aborted) end();
        else signal.addEventListener("abort", end, { once: true });
      });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
      else reject(new Error("the loopback server has no port"));
    });
  });
}

function page(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, PAGE_HEADERS);
  response.end(`<!doctype html><title>IBKR Edge Gateway</title><p>${text}</p>\n`);
}
