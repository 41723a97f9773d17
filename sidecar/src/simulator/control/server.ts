import { createServer, type IncomingMessage } from "node:http";
import * as z from "zod";
import { addressOf } from "../http/server.ts";
import type { Control } from "./control.ts";

/**
 * The control port: plain HTTP on loopback, JSON in and out. A browser's page cannot use it: a
 * POST must say it is JSON, which another origin may not, and the Host must be the loopback's.
 */
export interface ControlServer {
  port: number;
  close(): Promise<void>;
}

type Command = (control: Control, body: unknown) => unknown | Promise<unknown>;

const Advance = z.strictObject({ ms: z.number().min(0) });
const Paper = z.strictObject({ paper: z.boolean() });
const Rival = z.strictObject({ kind: z.enum(["none", "tws", "mobile"]) });
const On = z.strictObject({ on: z.boolean() });
const Minutes = z.strictObject({ minutes: z.number().min(0) });
const PinBody = z.strictObject({
  conid: z.int(),
  pin: z
    .strictObject({
      last: z.number().positive(),
      bid: z.number().positive(),
      ask: z.number().positive(),
      halted: z.boolean(),
      data: z.enum(["R", "D", "N"]),
      open: z.boolean(),
    })
    .partial()
    .nullable(),
});

const done = { done: true };

/** Every command, by method and path. */
export const COMMANDS: Record<string, Command> = {
  "GET /clock": (control) => ({ now: control.now(), iso: new Date(control.now()).toISOString() }),
  "POST /clock/advance": async (control, body) => {
    await control.advance(Advance.parse(body).ms);
    return { now: control.now() };
  },
  "GET /state": (control) => summarize(control),
  "GET /behaviours": (control) => control.behaviours(),
  "PATCH /behaviours": (control, body) => {
    control.change(body);
    return control.behaviours();
  },
  "POST /session/login": (control, body) => {
    control.logIn(Paper.parse(body).paper);
    return summarize(control);
  },
  "POST /session/logout": (control) => {
    control.logOut();
    return summarize(control);
  },
  "POST /session/kill-sso": (control) => {
    control.killSso();
    return summarize(control);
  },
  "POST /session/evict": (control) => {
    control.evict();
    return summarize(control);
  },
  "POST /session/rival": (control, body) => {
    control.rival(Rival.parse(body).kind);
    return summarize(control);
  },
  "POST /maintenance": (control, body) => {
    control.maintenance(On.parse(body).on);
    return done;
  },
  "POST /penalty": (control, body) => {
    control.penalty(Minutes.parse(body).minutes);
    return done;
  },
  "DELETE /penalty": (control) => {
    control.resetLimits();
    return done;
  },
  "POST /market/pin": (control, body) => {
    const { conid, pin } = PinBody.parse(body);
    control.pin(conid, pin === null ? undefined : dropUndefined(pin));
    return done;
  },
  "GET /requests": (control) => control.requests(),
  "DELETE /requests": (control) => {
    control.clearRequests();
    return done;
  },
};

function dropUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  return Object.assign(kept, JSON.parse(JSON.stringify(value)));
}

function summarize(control: Control): unknown {
  const { sso, brokerage, rival, gateway } = control.world();
  return {
    now: control.now(),
    gateway,
    sso: { phase: sso.phase, user: sso.user?.name ?? null, paper: sso.user?.isPaper ?? null },
    brokerage: {
      phase: brokerage.phase,
      established: brokerage.established,
      generation: brokerage.generation,
      fail: brokerage.fail,
    },
    rival,
  };
}

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
