import type { MemorySqlStorage } from "../support/sql-storage.ts";
import type { Chance } from "./chance.ts";
import { Line, type LineParts, type LineWeather, type ServerSocket } from "./line.ts";
import { type Actor, actor, type Scheduler } from "./scheduler.ts";

/**
 * The platform under the account's object: its storage, its sockets, its alarm, and its end. The
 * object is the product's own class; it is made anew whenever something comes for it after it died.
 */
export interface RunningObject {
  agent(principal: object): { run(call: object): Promise<unknown> };
  owner(secret: string, requestId: string): { owner: OwnerEnd } | null;
  fetch(request: unknown): Promise<Response & { webSocket?: ServerSocket }>;
  webSocketMessage(socket: ServerSocket, data: string): Promise<void>;
  webSocketClose(socket: ServerSocket, code: number): Promise<void>;
  alarm(): Promise<void>;
}

/** The owner's verbs are the product's; here they are only called. */
type Verb = (...given: unknown[]) => unknown;
export type OwnerEnd = Record<string, Record<string, Verb>>;

export type ObjectClass = new (ctx: unknown, env: unknown) => RunningObject;

export interface ObjectHostParts {
  scheduler: Scheduler;
  chance: Chance;
  weather: LineWeather;
  accountId: string;
  Account: ObjectClass;
  env: Record<string, unknown>;
  /** The account's tables as they stand. */
  sql: MemorySqlStorage;
  onFrame: LineParts["onFrame"];
}

/** The object was reset in the middle of a call. */
export class ObjectReset extends Error {
  override readonly name = "ObjectReset";
}

export class ObjectHost {
  readonly sql: MemorySqlStorage;
  readonly platform = actor("platform");
  readonly lines = new Set<Line>();
  /** How often it was made. */
  lives = 0;
  readonly #parts: ObjectHostParts;
  readonly #kv = new Map<string, unknown>();
  readonly #waiting = new Set<(reason: unknown) => void>();
  #alarm: { at: number; cancel: () => void } | null = null;
  /** An alarm whose handler has not come to its end; the platform calls it again. */
  #ringing = false;
  #running: { object: RunningObject; owner: Actor; ready: Promise<unknown> } | null = null;

  constructor(parts: ObjectHostParts) {
    this.#parts = parts;
    this.sql = parts.sql;
  }

  /**
   * Runs a task as the object, inside the running task of the platform; what it waits for ends with an
   * error when the object is reset.
   */
  call<T>(act: (object: RunningObject) => Promise<T> | T): Promise<T> {
    const { scheduler } = this.#parts;
    return new Promise<T>((resolve, reject) => {
      const { object, owner, ready } = this.#awake();
      this.#waiting.add(reject);
      scheduler.current = owner;
      // What comes first after a start waits until the constructor has read what it blocks on.
      const work = ready.then(() => act(object));
      work.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }

  /** The same over a network, for a caller of its own: the answer comes as one of the caller's tasks. */
  ask<T>(caller: Actor, act: (object: RunningObject) => Promise<T> | T): Promise<T> {
    const { scheduler, chance } = this.#parts;
    const away = () => chance.between(1, 60);
    return new Promise<T>((resolve, reject) => {
      const back =
        <V>(end: (value: V) => void) =>
        (value: V): void => {
          scheduler.after(away(), () => end(value), caller);
        };
      scheduler.after(
        away(),
        () => this.call(act).then(back(resolve), back(reject)),
        this.platform,
      );
    });
  }

  /** The relay's upgrade. */
  upgrade(token: string, url: string): Promise<Response & { webSocket?: ServerSocket }> {
    const headers: Record<string, string> = {
      upgrade: "websocket",
      "sec-websocket-protocol": SUBPROTOCOL,
      authorization: `Bearer ${token}`,
    };
    const request = {
      url,
      method: "GET",
      headers: { get: (name: string) => headers[name.toLowerCase()] ?? null },
    };
    return this.call((object) => object.fetch(request));
  }

  lineOf(socket: ServerSocket): Line | null {
    return [...this.lines].find(({ server }) => server === socket) ?? null;
  }

  /** Its memory is gone, and with it whatever it was doing; what is stored stays. */
  reset(sockets: "kept" | "broken"): void {
    if (this.#running !== null) {
      this.#running.owner.alive = false;
      this.#running = null;
    }
    for (const end of [...this.#waiting]) end(new ObjectReset("the object was reset"));
    this.#waiting.clear();
    if (sockets === "broken") for (const line of this.lines) line.cut();
  }

  /** Nothing is asked of it at this moment. */
  get idle(): boolean {
    return this.#waiting.size === 0;
  }

  #awake(): { object: RunningObject; owner: Actor; ready: Promise<unknown> } {
    if (this.#running !== null) return this.#running;
    const { scheduler, Account, env } = this.#parts;
    this.lives += 1;
    const owner = actor(`object ${this.lives}`);
    scheduler.current = owner;
    let ready: Promise<unknown> = Promise.resolve();
    const block = <T>(act: () => Promise<T>): Promise<T> => {
      const done = act();
      ready = done;
      return done;
    };
    const object = new Account(this.#state(block), env);
    this.#running = { object, owner, ready };
    return this.#running;
  }

  #deliver(act: (object: RunningObject) => Promise<void>): void {
    this.call(act).catch((error: unknown) => {
      if (error instanceof ObjectReset) return;
      // As on the platform: what a handler throws resets nothing and reaches nobody.
      this.onFailure(error);
    });
  }

  /** What a handler of the object threw. */
  onFailure: (error: unknown) => void = (error) => {
    throw error;
  };

  #state(block: <T>(act: () => Promise<T>) => Promise<T>): unknown {
    const { accountId, scheduler } = this.#parts;
    const { sql } = this;
    return {
      id: { name: accountId, toString: () => accountId },
      storage: {
        sql,
        transactionSync: <T>(act: () => T) => sql.transactionSync(act),
        kv: {
          get: (key: string) => this.#kv.get(key),
          put: (key: string, value: unknown) => void this.#kv.set(key, structuredClone(value)),
        },
        getAlarm: () => Promise.resolve(this.#alarm?.at ?? null),
        setAlarm: (at: number) => {
          this.#setAlarm(at);
          return Promise.resolve();
        },
      },
      blockConcurrencyWhile: block,
      acceptWebSocket: (socket: ServerSocket) => {
        const line = this.lineOf(socket);
        if (line !== null) line.accepted = true;
      },
      getWebSockets: () =>
        [...this.lines]
          .filter(({ accepted, openAtObject }) => accepted && openAtObject)
          .map(({ server }) => server),
      setWebSocketAutoResponse: () => {},
      getWebSocketAutoResponseTimestamp: (socket: ServerSocket) => {
        const at = this.lineOf(socket)?.pongAt ?? null;
        return at === null ? null : new Date(at);
      },
      waitUntil: () => {},
      abort: () => scheduler.after(0, () => this.reset("broken"), this.platform),
    };
  }

  #setAlarm(at: number): void {
    const { scheduler } = this.#parts;
    this.#alarm?.cancel();
    const cancel = scheduler.after(
      at - scheduler.now,
      () => {
        this.#alarm = null;
        this.#ring();
      },
      this.platform,
    );
    this.#alarm = { at, cancel };
  }

  #ring(): void {
    this.#ringing = true;
    this.call((object) => object.alarm()).then(
      () => {
        this.#ringing = false;
      },
      (thrown: unknown) => {
        if (!(thrown instanceof ObjectReset)) this.onFailure(thrown);
        this.#ringAgain();
      },
    );
  }

  #ringAgain(): void {
    if (!this.#ringing) return;
    this.#ringing = false;
    const { scheduler } = this.#parts;
    const at = scheduler.now + ALARM_RETRY_MS;
    if (this.#alarm === null || this.#alarm.at > at) this.#setAlarm(at);
  }

  /** The two ends of a new connection, for the object's own `WebSocketPair`. */
  pair(): Line {
    const { scheduler, chance, weather, onFrame } = this.#parts;
    const line = new Line({
      scheduler,
      chance,
      weather,
      onFrame,
      platform: this.platform,
      object: {
        message: (socket, text) => this.#deliver((object) => object.webSocketMessage(socket, text)),
        closed: (socket, code) => {
          this.#deliver((object) => object.webSocketClose(socket, code));
        },
      },
    });
    for (const old of this.lines) if (old.over) this.lines.delete(old);
    this.lines.add(line);
    return line;
  }
}

const ALARM_RETRY_MS = 2_000;
const SUBPROTOCOL = "ibkr-relay.v1";
