import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import type { GatewayFolder } from "./gateway-folder.ts";

/** The broker's gateway, looked after until it is closed. */
export interface LookedAfter {
  /** Ends what was started here, and what that started; resolves when it is gone. */
  close(): Promise<void>;
}

export interface Patience {
  /** Before the first new start; twice as long after each that did not last. */
  readonly restartMs: number;
  readonly restartMaxMs: number;
  /** One that ran so long had started well. */
  readonly lastedMs: number;
  /** Between two looks at a port that something else listens on. */
  readonly takenMs: number;
  /** For an end in order; what is left then is killed. */
  readonly stopMs: number;
}

export const PATIENCE: Patience = {
  restartMs: 2_000,
  restartMaxMs: 120_000,
  lastedMs: 120_000,
  takenMs: 10_000,
  stopMs: 8_000,
};

/**
 * Starts the broker's gateway, and starts it again when it ends by itself, later each time. It is never
 * ended for being slow. Where something listens on its port already, that is used as it is and nothing
 * is started: a second gateway would take the session from the first.
 */
export function lookAfterGateway(
  gateway: GatewayFolder,
  tell: (message: string) => void,
  patience: Patience = PATIENCE,
): LookedAfter {
  let child: ChildProcess | null = null;
  let gone = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let closing = false;
  let shortLives = 0;
  let toldTaken = false;

  async function begin(): Promise<void> {
    if (closing) return;
    const taken = await isListening(gateway.port);
    if (closing) return;
    if (taken) {
      if (!toldTaken) tell(takenWords(gateway));
      toldTaken = true;
      timer = setTimeout(begin, patience.takenMs);
      return;
    }
    toldTaken = false;
    start();
  }

  function start(): void {
    const [program, ...args] = gateway.command;
    const startedAt = performance.now();
    // A group of its own: the script starts Java, and both have to end.
    const started = spawn(program, args, {
      cwd: gateway.folder,
      stdio: "ignore",
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    child = started;
    tell("the broker's gateway was started");
    gone = new Promise((resolve) => {
      const ended = (how: string) => {
        if (child !== started) return resolve();
        child = null;
        resolve();
        if (closing) return;
        // What its script left behind would hold the port.
        signalGroup(started, "SIGKILL");
        shortLives = performance.now() - startedAt >= patience.lastedMs ? 0 : shortLives + 1;
        const waitMs = waitBefore(shortLives, patience);
        tell(
          `the broker's gateway ended by itself (${how}); it is started again in ${Math.ceil(waitMs / 1_000)} s. Its own log is in ${gateway.folder}/logs`,
        );
        timer = setTimeout(begin, waitMs);
      };
      started.once("error", (error) => ended(error.message));
      started.once("exit", (code, signal) => ended(signal ?? `status ${code}`));
    });
  }

  const killHard = () => {
    if (child !== null) signalGroup(child, "SIGKILL");
  };
  process.once("exit", killHard);
  void begin();
  return {
    async close() {
      closing = true;
      clearTimeout(timer);
      process.off("exit", killHard);
      if (child === null) return;
      const ending = child;
      signalGroup(ending, "SIGTERM");
      const late = setTimeout(() => signalGroup(ending, "SIGKILL"), patience.stopMs);
      await gone;
      clearTimeout(late);
      // The script is gone; what it started may have outlived it.
      signalGroup(ending, "SIGKILL");
    },
  };
}

const takenWords = ({ port }: GatewayFolder): string =>
  `port ${port} is in use already; what listens there is used, and none is started`;

/** Longer after each life that was short. */
const waitBefore = (shortLives: number, { restartMs, restartMaxMs }: Patience): number =>
  Math.min(restartMs * 2 ** Math.max(shortLives - 1, 0), restartMaxMs);

function signalGroup({ pid }: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (pid === undefined) return;
  if (process.platform === "win32") {
    spawn("taskkill", ["/T", "/F", "/PID", String(pid)], { stdio: "ignore", windowsHide: true });
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const say = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", () => say(true));
    socket.once("error", () => say(false));
  });
}
