import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Envelope } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import type { Receipt } from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import type { SubmittedAnswer } from "@ibkr-edge-gateway/protocol/approval-page/page-answers.ts";
import { PageMessage } from "@ibkr-edge-gateway/protocol/approval-page/page-message.ts";

/** A server on this machine that answers by a function; `http://localhost:port`. */
export async function localServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A static host of the owner's: one file, and no header that such a host does not send. */
export const staticHost = (page: () => string) =>
  localServer((_request, response) => {
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
    response.end(page());
  });

/** What a gateway answers a page, as far as a test says. */
export interface SaidToPage {
  envelopes: unknown[];
  receipts: Receipt[];
  /** The answer to a message; null answers nothing at all. */
  submitted(message: PageMessage): SubmittedAnswer | null | Promise<SubmittedAnswer | null>;
  /** What came, in turn. */
  messages: PageMessage[];
  status: number;
}

/** A gateway that says what it is told to. */
export async function scriptedEdge(origin: () => string) {
  const said: SaidToPage = {
    envelopes: [] as Envelope[],
    receipts: [],
    messages: [],
    status: 200,
    submitted: () => ({ v: 1, accepted: true, receipt: null, refusals: [] }),
  };
  const server = await localServer(async (request, response) => {
    const cors = {
      "Access-Control-Allow-Origin": origin(),
      "Access-Control-Allow-Headers": "authorization, content-type",
      "Content-Type": "application/json",
    };
    if (request.method === "OPTIONS") {
      response.writeHead(204, cors).end();
      return;
    }
    const path = new URL(request.url ?? "", "http://localhost").pathname;
    let body: unknown = { v: 1, envelopes: said.envelopes };
    if (path.endsWith("/receipts")) body = { v: 1, receipts: said.receipts };
    if (request.method === "POST") {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const message = PageMessage.parse(JSON.parse(Buffer.concat(chunks).toString()));
      said.messages.push(message);
      body = await said.submitted(message);
    }
    if (body === null) {
      response.destroy();
      return;
    }
    response.writeHead(said.status, cors).end(JSON.stringify(body));
  });
  return { ...server, said };
}
