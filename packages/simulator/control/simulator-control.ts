import { Decimal } from "decimal.js";
import type { Behaviours } from "../behaviours.ts";
import { changeBehaviours } from "../change-behaviours.ts";
import type { Limiter } from "../http/limits.ts";
import type { LogEntry, RequestLog } from "../http/request-log.ts";
import type { Fields, WireJson } from "../json.ts";
import type { Pin } from "../market/quote.ts";
import { endOrder, fill, place } from "../orders/order-lifecycle.ts";
import { parseOrder } from "../orders/parse-order.ts";
import { splitShares } from "../orders/share-split.ts";
import type { Simulator } from "../simulator.ts";
import { type Order, remaining } from "../state/orders.ts";
import { maintenance, restartGateway } from "../state/resets.ts";
import { dropBrokerage, logIn, logOut, setRival } from "../state/session.ts";
import type { World } from "../state/world.ts";
import type { SocketServer } from "../ws/server.ts";
import type { Fault, FaultInput, Faults, WsAction } from "./injected-faults.ts";

/** What a test, or the control port, may do to the simulator behind the client's back. */
export interface Control {
  now(): number;
  advance(ms: number): Promise<void>;
  world(): Readonly<World>;
  behaviours(): Behaviours;
  /** Changes switches; @throws RangeError for one that does not exist. */
  change(behaviours: unknown): void;
  logIn(paper: boolean): void;
  logOut(): void;
  /** The SSO session dies, as at midnight. */
  killSso(): void;
  /** The brokerage session is lost, as at the nightly reset. */
  evict(): void;
  rival(kind: "none" | "tws" | "mobile"): void;
  maintenance(on: boolean): void;
  /** Stops listening; nothing answers on the port. */
  down(): Promise<void>;
  /** Listens again on the same port, with every session gone. */
  up(): Promise<void>;
  /** Shows another certificate; gives its SHA-256. */
  swapCertificate(): Promise<string>;
  pin(conid: number, pin: Pin | undefined): void;
  penalty(minutes: number): void;
  /** Forgets all counts of requests and any penalty. */
  resetLimits(): void;
  addFault(fault: FaultInput): Fault;
  faults(): readonly Fault[];
  removeFault(id: string): boolean;
  clearFaults(): void;
  webSocket(action: WsAction): void;
  /** How many sockets are open. */
  sockets(): number;
  /** Sends a frame of the server's own to every socket, such as a notice. */
  broadcast(frame: { [key: string]: WireJson }): void;
  orders(): readonly Order[];
  /** An order entered in TWS or on the phone. @throws RangeError when it is not a good one. */
  foreignOrder(account: string, body: Fields, origin: "mobile" | "tws"): Order;
  /** Fills an order, whole or in part, at a price of one's choice. */
  fillOrder(id: number, size?: number, price?: number): void;
  /** New shares for each old one, overnight. @throws RangeError for what cannot be split. */
  splitShares(conid: number, ratio: number): void;
  /** The broker ends an order of its own accord. */
  cancelBySystem(id: number, reason: string): void;
  /** The exchange turns an order down. */
  rejectOrder(id: number, reason: string): void;
  requests(): readonly LogEntry[];
  clearRequests(): void;
}

export interface ControlParts {
  sim: Simulator;
  log: RequestLog;
  limiter: Limiter;
  faults: Faults;
  sockets: SocketServer;
  down(): Promise<void>;
  up(): Promise<void>;
  swapCertificate(): Promise<string>;
}

/**
 * The handles by which a test or a person changes what the simulated broker does. An order that
 * there is not is a RangeError.
 */
export function createControl(parts: ControlParts): Control {
  const { sim, log, limiter, faults, sockets } = parts;
  const order = (id: number): Order => {
    const found = sim.book.orders.get(id);
    if (found === undefined) throw new RangeError(`no order ${id}`);
    return found;
  };
  return {
    now: sim.clock.now,
    advance: (ms) => sim.clock.advance(ms),
    world: () => sim.world,
    behaviours: () => sim.behaviours,
    change: (behaviours) => changeBehaviours(sim.behaviours, behaviours),
    logIn: (paper) => logIn(sim, paper),
    logOut: () => logOut(sim, "none"),
    killSso: () => logOut(sim, "dead"),
    evict: () => dropBrokerage(sim, "evicted"),
    rival: (kind) => setRival(sim, kind),
    maintenance: (on) => maintenance(sim, on),
    down: async () => {
      sim.world.gateway.up = false;
      await parts.down();
    },
    up: async () => {
      restartGateway(sim);
      sim.world.gateway.up = true;
      await parts.up();
    },
    swapCertificate: () => parts.swapCertificate(),
    pin: (conid, pin) => sim.market.pin(conid, pin),
    penalty: (minutes) => limiter.penalize(minutes),
    resetLimits: () => limiter.reset(),
    addFault: (fault) => faults.add(fault),
    faults: () => faults.all(),
    removeFault: (id) => faults.remove(id),
    clearFaults: () => faults.clear(),
    webSocket: (action) => sockets.disturb(action),
    sockets: () => sockets.connections(),
    broadcast: (frame) => sockets.broadcast(frame),
    orders: () => [...sim.book.orders.values()],
    foreignOrder: (account, body, origin) => {
      const parsed = parseOrder(sim, account, body);
      if ("refused" in parsed) throw new RangeError(parsed.refused.text);
      const [placed] = place(sim, [{ ...parsed.draft, ref: undefined }], undefined, origin);
      if (placed === undefined) throw new RangeError("the order was not placed");
      return placed;
    },
    fillOrder: (id, size, price) => {
      const one = order(id);
      const instrument = sim.market.find(one.conid);
      if (instrument === undefined) throw new RangeError("the contract is gone");
      one.pieces = [];
      const at = price === undefined ? sim.market.quote(instrument).last : new Decimal(price);
      fill(sim, one, instrument, size === undefined ? remaining(one) : new Decimal(size), at);
    },
    splitShares: (conid, ratio) => splitShares(sim, conid, ratio),
    cancelBySystem: (id, reason) => endOrder(sim, order(id), reason),
    rejectOrder: (id, reason) => {
      const one = order(id);
      Object.assign(one, { status: "Inactive", reason });
      sim.events.emit("order", one);
    },
    requests: () => log.all(),
    clearRequests: () => log.clear(),
  };
}
