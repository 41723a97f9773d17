import { PING, PONG } from "@ibkr-edge-gateway/protocol/relay/frame-envelope.ts";
import type { Chance } from "./chance.ts";
import type { Actor, Scheduler } from "./scheduler.ts";

/**
 * The relay's line: the sockets at both ends and what is on its way between them. Frames arrive in
 * their order or not at all; a cut loses what is under way, and each end hears of it in its own time.
 */
export interface ServerSocket {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  serializeAttachment(value: unknown): void;
  deserializeAttachment(): unknown;
}

export interface PcEnd {
  onText(text: string): void;
  onClosed(code: number, reason: string): void;
}

export interface ObjectEnd {
  message(socket: ServerSocket, text: string): void;
  closed(socket: ServerSocket, code: number): void;
}

export interface LineWeather {
  /** One way, milliseconds. */
  latencyMs: [number, number];
  /** Until then nothing moves. */
  stalledUntil: number;
}

export class Line {
  readonly server: ServerSocket;
  /** When the platform last answered a ping for the object. */
  pongAt: number | null = null;
  accepted = false;
  openAtObject = true;
  openAtPc = false;
  readonly #parts: LineParts;
  #attachment: unknown = null;
  #lastToObject = 0;
  #lastToPc = 0;
  #cut = false;
  #pc: { end: PcEnd; owner: Actor } | null = null;

  constructor(parts: LineParts) {
    this.#parts = parts;
    this.server = {
      send: (text) => {
        if (!this.openAtObject) throw new Error("the socket is closed");
        parts.onFrame("to_pc", text);
        this.#toPc(() => this.#pc?.end.onText(text));
      },
      close: (code = 1005, reason = "") => {
        if (!this.openAtObject) return;
        this.openAtObject = false;
        this.#toPc(() => this.#endAtPc(code, reason));
        // The platform tells the object of the end that it asked for itself.
        parts.scheduler.after(1, () => parts.object.closed(this.server, code), parts.platform);
      },
      serializeAttachment: (value) => {
        this.#attachment = structuredClone(value);
      },
      deserializeAttachment: () => structuredClone(this.#attachment),
    };
  }

  /** The dial is answered. */
  open(end: PcEnd, owner: Actor): void {
    this.#pc = { end, owner };
    this.openAtPc = true;
  }

  sendFromPc(text: string): void {
    if (!this.openAtPc) return;
    const { scheduler, object, onFrame } = this.#parts;
    onFrame("to_object", text);
    this.#toObject(() => {
      if (text === PING) {
        this.pongAt = scheduler.now;
        this.#toPc(() => this.#pc?.end.onText(PONG));
        return;
      }
      object.message(this.server, text);
    });
  }

  closeFromPc(code: number): void {
    if (!this.openAtPc) return;
    this.openAtPc = false;
    this.#toObject(() => this.#endAtObject(code));
  }

  /** What is under way is lost. */
  cut(): void {
    if (this.#cut) return;
    this.#cut = true;
    const { scheduler, platform, chance } = this.#parts;
    const wait = () => chance.between(0, 4_000);
    scheduler.after(wait(), () => this.#endAtObject(1006), platform);
    if (this.#pc !== null) scheduler.after(wait(), () => this.#endAtPc(1006, ""), this.#pc.owner);
  }

  get over(): boolean {
    return !this.openAtObject && !this.openAtPc;
  }

  #endAtObject(code: number): void {
    if (!this.openAtObject) return;
    this.openAtObject = false;
    this.#parts.object.closed(this.server, code);
  }

  #endAtPc(code: number, reason: string): void {
    if (!this.openAtPc) return;
    this.openAtPc = false;
    this.#pc?.end.onClosed(code, reason);
  }

  #toObject(arrive: () => void): void {
    const { scheduler, platform } = this.#parts;
    this.#lastToObject = Math.max(this.#lastToObject, this.#arrivesAt());
    scheduler.after(
      this.#lastToObject - scheduler.now,
      () => {
        if (!this.#cut && this.openAtObject) arrive();
      },
      platform,
    );
  }

  #toPc(arrive: () => void): void {
    const { scheduler } = this.#parts;
    const owner = this.#pc?.owner;
    if (owner === undefined) return;
    this.#lastToPc = Math.max(this.#lastToPc, this.#arrivesAt());
    scheduler.after(
      this.#lastToPc - scheduler.now,
      () => {
        if (!this.#cut && this.openAtPc) arrive();
      },
      owner,
    );
  }

  #arrivesAt(): number {
    const { scheduler, weather, chance } = this.#parts;
    const { latencyMs, stalledUntil } = weather;
    return Math.max(scheduler.now, stalledUntil) + chance.between(...latencyMs);
  }
}

export interface LineParts {
  scheduler: Scheduler;
  chance: Chance;
  weather: LineWeather;
  object: ObjectEnd;
  /** In whose tasks the platform hands things to the object. */
  platform: Actor;
  /** Every frame as it leaves its end. */
  onFrame(direction: "to_pc" | "to_object", text: string): void;
}
