import type { Clock } from "../clock.ts";
import { LIMITS } from "../limits.ts";
import { type Frame, readFrame } from "./frames.ts";
import type { StreamSocket, StreamSocketEvents } from "./stream-socket.ts";

/**
 * One connection to the broker's stream, kept up while it is wanted: dialled, watched for silence, and
 * dialled again. An open socket proves nothing; only what was heard lately does.
 */
export interface StreamConnection {
  /** Wants a connection from now on. */
  want(): void;
  /** Ends the connection and wants none. */
  drop(): void;
  /** False while the broker does not listen. */
  send(text: string): boolean;
  /** The broker listens and has spoken within the last 25 seconds. */
  alive(): boolean;
  heardAt(): number;
  /** Rises with every connection, so that late work of an old one is known for what it is. */
  number(): number;
  /** Runs once after `ms`, unless the connection ends before. */
  later(ms: number, task: () => void): void;
}

export interface StreamConnectionOptions {
  /** Null while there is no credential to dial with. */
  open(events: StreamSocketEvents): StreamSocket | null;
  clock: Clock;
  random(): number;
  /** The broker listens: subscribe now. */
  onReady(): void;
  onFrame(frame: Frame): void;
  /** A connection that had been ready is lost; it is dialled again by itself. */
  onLost(why: "closed" | "silent"): void;
}

export const createStreamConnection = (options: StreamConnectionOptions): StreamConnection =>
  new ConnectionDriver(options);

class ConnectionDriver implements StreamConnection {
  readonly #options: StreamConnectionOptions;
  readonly #timers = new Set<() => void>();
  #socket: StreamSocket | null = null;
  #wanted = false;
  #ready = false;
  #heardAt = 0;
  #failures = 0;
  #number = 0;

  constructor(options: StreamConnectionOptions) {
    this.#options = options;
  }

  want(): void {
    this.#wanted = true;
    this.#failures = 0;
    this.#dial();
  }

  drop(): void {
    this.#wanted = false;
    this.#end();
  }

  send(text: string): boolean {
    if (!this.#ready || this.#socket === null) return false;
    this.#socket.send(text);
    return true;
  }

  alive(): boolean {
    return this.#ready && this.#silentForMs() <= LIMITS.streamSilenceMs;
  }

  heardAt(): number {
    return this.#heardAt;
  }

  number(): number {
    return this.#number;
  }

  later(ms: number, task: () => void): void {
    const cancel = this.#options.clock.after(ms, () => {
      this.#timers.delete(cancel);
      task();
    });
    this.#timers.add(cancel);
  }

  #silentForMs(): number {
    return this.#options.clock.now() - this.#heardAt;
  }

  #dial(): void {
    if (!this.#wanted || this.#socket !== null) return;
    this.#number += 1;
    const mine = this.#number;
    const unlessLate =
      <A extends unknown[]>(handle: (...args: A) => void) =>
      (...args: A): void => {
        if (mine === this.#number) handle(...args);
      };
    this.#socket = this.#options.open({
      onOpen: unlessLate(() => this.#opened()),
      onText: unlessLate((text: string) => this.#heard(text)),
      onClose: unlessLate(() => this.#lost("closed")),
    });
    if (this.#socket === null) this.#retry();
  }

  #opened(): void {
    this.#heardAt = this.#options.clock.now();
    this.#watch();
    // The broker listens when it says so, or after three seconds without a word.
    this.later(LIMITS.streamReadyMs, () => this.#listen());
  }

  #heard(text: string): void {
    this.#heardAt = this.#options.clock.now();
    const frame = readFrame(text);
    if (frame.kind === "session" && frame.authenticated === true) this.#listen();
    this.#options.onFrame(frame);
  }

  #listen(): void {
    if (this.#ready || this.#socket === null) return;
    this.#ready = true;
    this.#failures = 0;
    this.#keepAlive();
    this.#options.onReady();
  }

  #end(): void {
    this.#number += 1;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#socket?.terminate();
    this.#socket = null;
    this.#ready = false;
  }

  #lost(why: "closed" | "silent"): void {
    const was = this.#ready;
    this.#end();
    this.#retry();
    if (was) this.#options.onLost(why);
  }

  #retry(): void {
    if (!this.#wanted) return;
    this.#failures += 1;
    const wait = Math.min(LIMITS.streamRetryLastMs, 500 * 2 ** Math.min(this.#failures, 8));
    this.later(wait * (0.5 + this.#options.random() / 2), () => this.#dial());
  }

  #watch(): void {
    this.later(LIMITS.streamSilenceMs / 5, () => {
      if (this.#silentForMs() > LIMITS.streamSilenceMs) this.#lost("silent");
      else this.#watch();
    });
  }

  #keepAlive(): void {
    this.later(LIMITS.streamTicMs, () => {
      this.#socket?.send("tic");
      this.#keepAlive();
    });
  }
}
