import * as z from "zod";
import { FaultSchema, WsActionSchema } from "./injected-faults.ts";
import type { Control } from "./simulator-control.ts";

/** A command of the control port: JSON in, JSON out. */
export type Command = (control: Control, body: unknown) => unknown | Promise<unknown>;

const Pin = z
  .strictObject({
    last: z.number().positive(),
    bid: z.number().positive(),
    ask: z.number().positive(),
    halted: z.boolean(),
    data: z.enum(["R", "D", "N"]),
    open: z.boolean(),
    traded: z.boolean(),
    placeholder: z.enum(["0", "-1"]),
  })
  .partial();

const schemas = {
  advance: z.strictObject({ ms: z.number().min(0) }),
  login: z.strictObject({ paper: z.boolean() }),
  rival: z.strictObject({ kind: z.enum(["none", "tws", "mobile"]) }),
  maintenance: z.strictObject({ on: z.boolean() }),
  penalty: z.strictObject({ minutes: z.number().min(0) }),
  pin: z.strictObject({ conid: z.int(), pin: Pin.nullable() }),
  foreign: z.strictObject({
    account: z.string(),
    order: z.record(z.string(), z.unknown()),
    origin: z.enum(["mobile", "tws"]).default("mobile"),
  }),
  fill: z.strictObject({
    id: z.int(),
    size: z.number().positive().optional(),
    price: z.number().positive().optional(),
  }),
  ended: z.strictObject({ id: z.int(), reason: z.string() }),
  fault: z.strictObject({ id: z.string() }),
  notice: z.strictObject({ topic: z.enum(["ntf", "blt"]), args: z.record(z.string(), z.string()) }),
};

const done = { done: true };

/** Every command, by method and path. */
export const COMMANDS: { readonly [name: string]: Command } = {
  "GET /clock": (control) => ({ now: control.now(), iso: new Date(control.now()).toISOString() }),
  "POST /clock/advance": async (control, body) => {
    await control.advance(schemas.advance.parse(body).ms);
    return { now: control.now() };
  },
  "GET /state": summarize,
  "GET /behaviours": (control) => control.behaviours(),
  "PATCH /behaviours": (control, body) => {
    control.change(body);
    return control.behaviours();
  },
  "POST /session/login": (control, body) => {
    control.logIn(schemas.login.parse(body).paper);
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
    control.rival(schemas.rival.parse(body).kind);
    return summarize(control);
  },
  "POST /gateway/down": async (control) => {
    await control.down();
    return done;
  },
  "POST /gateway/up": async (control) => {
    await control.up();
    return done;
  },
  "POST /gateway/certificate": async (control) => ({
    certificateSha256: await control.swapCertificate(),
  }),
  "POST /maintenance": (control, body) => {
    control.maintenance(schemas.maintenance.parse(body).on);
    return done;
  },
  "POST /penalty": (control, body) => {
    control.penalty(schemas.penalty.parse(body).minutes);
    return done;
  },
  "DELETE /penalty": (control) => {
    control.resetLimits();
    return done;
  },
  "POST /market/pin": (control, body) => {
    const { conid, pin } = schemas.pin.parse(body);
    control.pin(conid, pin === null ? undefined : present(pin));
    return done;
  },
  "GET /faults": (control) => control.faults(),
  "POST /faults": (control, body) => control.addFault(FaultSchema.parse(body)),
  "DELETE /faults": (control, body) => {
    const one = schemas.fault.safeParse(body);
    if (one.success) return { removed: control.removeFault(one.data.id) };
    control.clearFaults();
    return done;
  },
  "POST /ws": (control, body) => {
    control.webSocket(WsActionSchema.parse(body));
    return { sockets: control.sockets() };
  },
  "POST /ws/broadcast": (control, body) => {
    control.broadcast(schemas.notice.parse(body));
    return { sockets: control.sockets() };
  },
  "GET /orders": (control) => control.orders(),
  "POST /orders/foreign": (control, body) => {
    const { account, order, origin } = schemas.foreign.parse(body);
    return { id: control.foreignOrder(account, order, origin).id };
  },
  "POST /orders/fill": (control, body) => {
    const { id, size, price } = schemas.fill.parse(body);
    control.fillOrder(id, size, price);
    return done;
  },
  "POST /orders/cancel": (control, body) => {
    const { id, reason } = schemas.ended.parse(body);
    control.cancelBySystem(id, reason);
    return done;
  },
  "POST /orders/reject": (control, body) => {
    const { id, reason } = schemas.ended.parse(body);
    control.rejectOrder(id, reason);
    return done;
  },
  "GET /requests": (control) => control.requests(),
  "DELETE /requests": (control) => {
    control.clearRequests();
    return done;
  },
};

/** The properties that are there; one that is undefined is not. */
function present<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  return Object.assign(
    kept,
    Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)),
  );
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
    sockets: control.sockets(),
  };
}
