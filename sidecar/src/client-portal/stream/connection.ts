import type { Clock } from "../clock.ts";
import { LIMITS } from "../limits.ts";
import { type Frame, readFrame } from "./frames.ts";
import type { StreamSocket, StreamSocketEvents } from "./socket.ts";

/**
 * One line to the broker's stream, kept up while it is wanted: dialled, watched for silence, and
 * dialled again. An open socket proves nothing; only what was heard lately does.
 */
export interface Line {
  /** Wants a line from now on. */
  want(): void;
  /** Ends the line and wants none. */
  drop(): void;
  /** False while the broker does not listen. */
  send(text: string): boolean;
  /** The broker listens and has spoken within the last 25 seconds. */
  alive(): boolean;
  heardAt(): number;
  /** Rises with every line, so that late work of an old one is known for what it is. */
  number(): number;
  /** Runs once after `ms`, unless the line ends before. */
  later(ms: number, task: () => void): void;
}

export interface LineOptions {
  /** Null while there is no credential to dial with. */
  open(events: StreamSocketEvents): StreamSocket | null;
  clock: Clock;
  random(): number;
  /** The broker listens: subscribe now. */
  onReady(): void;
  onFrame(frame: Frame): void;
  /** A line that had been ready is lost; it is dialled again by itself. */
  onLost(why: "closed" | "silent"): void;
}

export function createLine(options: LineOptions): Line {
  const { clock } = options;
  let socket: StreamSocket | null = null;
  let wanted = false;
  let ready = false;
  let heardAt = 0;
  let failures = 0;
  let number = 0;
  const timers = new Set<() => void>();

  const later = (ms: number, task: () => void): void => {
    const cancel = clock.after(ms, () => {
      timers.delete(cancel);
      task();
    });
    timers.add(cancel);
  };

  const end = (): void => {
    number += 1;
    for (const cancel of timers) cancel();
    timers.clear();
    socket?.terminate();
    socket = null;
    ready = false;
  };

  const dial = (): void => {
    if (!wanted || socket !== null) return;
    number += 1;
    const mine = number;
    socket = options.open({
      onOpen: () => {
        if (mine !== number) return;
        heardAt = clock.now();
        watch();
        // The broker listens when it says so, or after three seconds without a word.
        later(LIMITS.streamReadyMs, listen);
      },
      onText: (text) => {
        if (mine !== number) return;
        heardAt = clock.now();
        const frame = readFrame(text);
        if (frame.kind === "session" && frame.authenticated === true) listen();
        options.onFrame(frame);
      },
      onClose: () => {
        if (mine === number) lost("closed");
      },
    });
    if (socket === null) retry();
  };

  const listen = (): void => {
    if (ready || socket === null) return;
    ready = true;
    failures = 0;
    tic();
    options.onReady();
  };

  const lost = (why: "closed" | "silent"): void => {
    const was = ready;
    end();
    retry();
    if (was) options.onLost(why);
  };

  const retry = (): void => {
    if (!wanted) return;
    failures += 1;
    const wait = Math.min(LIMITS.streamRetryLastMs, 500 * 2 ** Math.min(failures, 8));
    later(wait * (0.5 + options.random() / 2), dial);
  };

  const watch = (): void => {
    later(LIMITS.streamSilenceMs / 5, () => {
      if (clock.now() - heardAt > LIMITS.streamSilenceMs) lost("silent");
      else watch();
    });
  };

  const tic = (): void => {
    later(LIMITS.streamTicMs, () => {
      socket?.send("tic");
      tic();
    });
  };

  return {
    want: () => {
      wanted = true;
      failures = 0;
      dial();
    },
    drop: () => {
      wanted = false;
      end();
    },
    send: (text) => {
      if (!ready || socket === null) return false;
      socket.send(text);
      return true;
    },
    alive: () => ready && clock.now() - heardAt <= LIMITS.streamSilenceMs,
    heardAt: () => heardAt,
    number: () => number,
    later,
  };
}
