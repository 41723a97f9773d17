import * as z from "zod";
import { confirmPairing } from "./confirm-pairing.ts";
import type { RunningGateway } from "./running.ts";
import { Sorry } from "./say.ts";
import { runSidecar, type SidecarProcess, startSidecar } from "./sidecar-process.ts";

export interface LocalSidecarOptions {
  /** The built command line. */
  cli: string;
  gateway: RunningGateway;
  configDir: string;
  /** Where the simulator listens. */
  clientPortal: string;
  log: (line: string) => void;
  /** Called when it ended for good without having been asked to. */
  onFailure: (why: string) => void;
}

export interface LocalSidecar {
  stop(): Promise<void>;
}

const READY_MS = 20_000;
const POLL_MS = 100;
const RESTART_MS = 1_000;
/** `run` was told by the gateway to stop, or was used wrongly: trying again changes nothing. */
const FINAL_EXITS = new Set([1, 2]);

/** The part of `ibkr-sidecar status --json` that matters here. */
const Status = z.object({
  paired: z.object({ gateway: z.string() }).nullable(),
  running: z
    .object({
      pid: z.int(),
      relay: z.object({ state: z.string() }),
      broker: z.object({ state: z.string() }).nullable(),
    })
    .nullable(),
});
export type SidecarStatus = z.infer<typeof Status>;

const CodeLine = z.object({
  event: z.literal("code"),
  user_code: z.string(),
  fingerprint: z.array(z.string()),
});

/**
 * The sidecar of a local gateway: paired on the first start the way an owner pairs one, by its own
 * command line and the console's pages, then run as a process of its own until it is stopped.
 */
export async function startLocalSidecar(options: LocalSidecarOptions): Promise<LocalSidecar> {
  const { cli, configDir, gateway } = options;
  const { paired } = await sidecarStatus(cli, configDir);
  if (paired === null) await pairSidecar(cli, configDir, gateway);
  else if (paired.gateway !== gateway.url) {
    // Another port than last time: the address is part of what was agreed on.
    await pairSidecar(cli, configDir, gateway, ["--replace"]);
  }
  const sidecar = keepRunning(options);
  try {
    await untilReady(cli, configDir, sidecar);
  } catch (error) {
    await sidecar.stop();
    throw error;
  }
  return sidecar;
}

/** Pairs through the front door: code and words from the sidecar's screen, consent in the console. */
export async function pairSidecar(
  cli: string,
  configDir: string,
  gateway: RunningGateway,
  flags: string[] = [],
): Promise<void> {
  let confirming: Promise<unknown> | undefined;
  const said: string[] = [];
  const pairing = startSidecar(
    cli,
    ["--config-dir", configDir, "pair", gateway.url, "--json", ...flags],
    (line) => {
      said.push(line);
      const code = CodeLine.safeParse(jsonOrNull(line));
      if (!code.success) return;
      const { user_code, fingerprint } = code.data;
      // Behind it is the simulator: paper orders can be tried without a thought.
      confirming = confirmPairing(gateway, user_code, {
        expectedWords: fingerprint,
        everything: true,
      });
      confirming.catch(() => pairing.stop());
    },
  );
  const code = await pairing.exited;
  await confirming;
  if (code !== 0) throw new Sorry(`The sidecar could not be paired: ${said.at(-1) ?? "no reason"}`);
}

export async function sidecarStatus(cli: string, configDir: string): Promise<SidecarStatus> {
  const { code, output } = await runSidecar(cli, ["--config-dir", configDir, "status", "--json"]);
  const status = Status.safeParse(jsonOrNull(output));
  if (code !== 0 || !status.success) {
    throw new Sorry(`The sidecar's folder ${configDir} cannot be read: ${output.trim()}`);
  }
  return status.data;
}

interface KeptRunning extends LocalSidecar {
  /** The last thing it said before it ended for good; null while there is hope. */
  ended(): string | null;
}

/** A sidecar that crashed or was killed is started again; one that was told to stop is not. */
function keepRunning(options: LocalSidecarOptions): KeptRunning {
  const { cli, configDir, clientPortal, log, onFailure } = options;
  let stopping = false;
  let ended: string | null = null;
  let lastLine = "";
  let current: SidecarProcess;
  let restart: NodeJS.Timeout | undefined;
  const begin = () => {
    current = startSidecar(
      cli,
      ["--config-dir", configDir, "run", "--client-portal", clientPortal, "--simulated"],
      (line) => {
        lastLine = line;
        log(line);
      },
    );
    void current.exited.then((code) => {
      if (stopping) return;
      if (code !== null && FINAL_EXITS.has(code)) {
        ended = `The sidecar ended: ${lastLine}`;
        onFailure(ended);
      } else {
        restart = setTimeout(begin, RESTART_MS);
      }
    });
  };
  begin();
  return {
    ended: () => ended,
    async stop() {
      stopping = true;
      clearTimeout(restart);
      await current.stop();
    },
  };
}

async function untilReady(cli: string, configDir: string, sidecar: KeptRunning): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline) {
    const ended = sidecar.ended();
    if (ended !== null) throw new Sorry(ended);
    const { running } = await sidecarStatus(cli, configDir);
    if (running?.relay.state === "connected" && running.broker?.state === "ready") return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Sorry("The sidecar did not connect in time; see logs/sidecar.log in the data folder.");
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
