import * as z from "zod";
import { isAlive } from "../../sidecar/src/cli/status.ts";
import { loadPairing } from "../../sidecar/src/config/pairing-file.ts";
import { type RunStatus, readRunStatus } from "../../sidecar/src/config/status-file.ts";
import { UsageError } from "../../sidecar/src/config/usage-error.ts";
import { confirmPairingAsOwner } from "./confirm-pairing.ts";
import { type AskYes, watchApprovers } from "./local-approvers.ts";
import { watchStandby } from "./local-standby.ts";
import { OwnerTokenRefused } from "./oauth-client.ts";
import type { RunningGateway } from "./running.ts";
import { Sorry } from "./say.ts";
import { type SidecarProcess, startSidecar } from "./sidecar-process.ts";

export interface LocalSidecarOptions {
  /** The built command line. */
  cli: string;
  gateway: RunningGateway;
  configDir: string;
  /** Where the simulator listens. */
  clientPortal: string;
  log: (line: string) => void;
  /** Tells the person at this machine what to do; without one nobody is waited for. */
  tell?: (line: string) => void;
  /** Asks them; null where nobody can be. */
  askYes?: AskYes | null;
  /** Called when it ended for good without having been asked to. */
  onFailure: (why: string) => void;
}

export interface LocalSidecar {
  stop(): Promise<void>;
}

const READY_MS = 20_000;
const POLL_MS = 25;
const RESTART_MS = 1_000;
/** `run` was told by the gateway to stop, or was used wrongly: trying again changes nothing. */
const FINAL_EXITS = new Set([1, 2]);

export interface SidecarStatus {
  /** Origin of the gateway that it is paired with. */
  gateway: string | null;
  /** What the running process said of itself last. */
  running: RunStatus | null;
}

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
  const { cli, configDir, gateway, tell } = options;
  const paired = sidecarStatus(configDir).gateway;
  if (paired === null) await pairSidecar(cli, configDir, gateway, [], tell);
  else if (paired !== gateway.url) {
    // Another port than last time: the address is part of what was agreed on.
    await pairSidecar(cli, configDir, gateway, ["--replace"], tell);
  }
  const sidecar = keepRunning(options);
  try {
    await untilReady(configDir, sidecar, tell);
    sidecar.isReady();
  } catch (error) {
    await sidecar.stop();
    throw error;
  }
  return sidecar;
}

/**
 * Pairs through the front door: code and words from the sidecar's screen, consent in the console. Where
 * the owner token signs in no more, the owner confirms, told how on this screen.
 */
export async function pairSidecar(
  cli: string,
  configDir: string,
  gateway: RunningGateway,
  flags: string[] = [],
  tell?: (line: string) => void,
): Promise<void> {
  let confirming: Promise<unknown> | undefined;
  const said: string[] = [];
  const pairing = startSidecar(
    cli,
    ["--config-dir", configDir, "pair", gateway.url, "--json", "--simulated", ...flags],
    (line) => {
      said.push(line);
      const code = CodeLine.safeParse(jsonOrNull(line));
      if (!code.success) return;
      const { user_code, fingerprint } = code.data;
      // Behind it is the simulator: paper orders can be tried without a thought.
      confirming = confirmPairingAsOwner(gateway, user_code, {
        expectedWords: fingerprint,
        everything: true,
      }).catch((error: unknown) => {
        if (!(error instanceof OwnerTokenRefused) || tell === undefined) throw error;
        tell(`Pair the simulator's PC: open ${gateway.url}/pair, sign in with your passkey,`);
        tell(`type ${user_code}, and compare these words: ${fingerprint.join(" ")}`);
      });
      confirming.catch(() => pairing.stop());
    },
  );
  const code = await pairing.exited;
  await confirming;
  if (code !== 0) throw new Sorry(`The sidecar could not be paired: ${said.at(-1) ?? "no reason"}`);
}

/** What `ibkr-sidecar status` reads, without a process for each look. */
export function sidecarStatus(configDir: string): SidecarStatus {
  try {
    const running = readRunStatus(configDir);
    return {
      gateway: loadPairing(configDir)?.gateway_origin ?? null,
      running: running !== null && isAlive(running) ? running : null,
    };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new Sorry(`The sidecar's folder ${configDir} cannot be read: ${error.message}`);
  }
}

interface KeptRunning extends LocalSidecar {
  /** The last thing it said before it ended for good; null while there is hope. */
  ended(): string | null;
  /** All is up: from now on its end ends nothing else. */
  isReady(): void;
}

/** A sidecar that crashed or was killed is started again; one that was told to stop is not. */
function keepRunning(options: LocalSidecarOptions): KeptRunning {
  const { cli, configDir, clientPortal, log, onFailure } = options;
  let stopping = false;
  let ended: string | null = null;
  let lastLine = "";
  let ready = false;
  let current: SidecarProcess;
  const askYes = options.askYes ?? null;
  const tell = options.tell ?? log;
  const approvers = watchApprovers({ configDir, yes: askYes, tell });
  const standby = watchStandby(tell);
  let restart: NodeJS.Timeout | undefined;
  const begin = () => {
    current = startSidecar(
      cli,
      [
        ...["--config-dir", configDir, "run", "--client-portal", clientPortal, "--simulated"],
        ...(askYes === null && takesUnasked(configDir) ? ["--take-approvers"] : []),
      ],
      (line) => {
        lastLine = line;
        log(line);
        approvers.line(line);
        standby(line);
      },
    );
    void current.exited.then((code) => {
      if (stopping) return;
      if (code !== null && FINAL_EXITS.has(code)) {
        ended = `The sidecar ended: ${lastLine}`;
        // Once all is up, the gateway and its console stay: there the owner sees why, and mends it.
        if (!ready) onFailure(ended);
        else tell(`The simulator's PC has ended for good; the gateway runs on. ${lastLine}`);
      } else {
        restart = setTimeout(begin, RESTART_MS);
      }
    });
  };
  begin();
  return {
    ended: () => ended,
    isReady() {
      ready = true;
    },
    async stop() {
      stopping = true;
      clearTimeout(restart);
      approvers.stop();
      await current.stop();
    },
  };
}

/** A PC that was paired for a broker is left alone: there a person is asked, or nobody. */
function takesUnasked(configDir: string): boolean {
  return loadPairing(configDir)?.simulated === true;
}

async function untilReady(
  configDir: string,
  sidecar: KeptRunning,
  tell: LocalSidecarOptions["tell"],
): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline) {
    const ended = sidecar.ended();
    if (ended !== null) throw new Sorry(ended);
    const { running } = sidecarStatus(configDir);
    if (running?.relay.trouble?.code === "STANDBY") {
      tell?.(`The simulator's PC: ${running.relay.trouble.message}`);
      return;
    }
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
