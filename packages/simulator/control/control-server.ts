import { createServer, type IncomingMessage } from "node:http";
import { addressOf } from "../http/server.ts";
import { COMMANDS } from "./commands.ts";
import type { Control } from "./simulator-control.ts";

/**
 * The control port: plain HTTP on loopback, JSON in and out. A browser's page cannot use it: a
 * POST must say it is JSON, which another origin may not, and the Host must be the loopback's.
 */
export interface ControlServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Serves the control over plain HTTP on loopback, JSON both ways: 404 for a command there is not,
 * 400 with a reason for one that cannot be done. Port 0 takes any that is free.
 */
export async function startControlServer(control: Control, port: number): Promise<ControlServer> {
  const server = createServer((request, response) => {
    const reply = (status: number, body: unknown): void => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
    };
    run(control, request).then(
      (body) => (body === undefined ? reply(404, { error: "no such command" }) : reply(200, body)),
      (thrown: unknown) =>
        reply(400, { error: thrown instanceof Error ? thrown.message : String(thrown) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
  return {
    port: addressOf(server).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function run(control: Control, request: IncomingMessage): Promise<unknown> {
  const host = (request.headers.host ?? "").split(":")[0];
  if (host !== "127.0.0.1" && host !== "localhost") throw new Error("only for loopback");
  const path = (request.url ?? "/").split("?")[0];
  const command = COMMANDS[`${request.method} ${path}`];
  if (command === undefined) return undefined;
  let text = "";
  for await (const chunk of request) text += String(chunk);
  if (text !== "" && request.headers["content-type"] !== "application/json") {
    throw new Error("Content-Type must be application/json");
  }
  return command(control, text === "" ? {} : JSON.parse(text));
}
