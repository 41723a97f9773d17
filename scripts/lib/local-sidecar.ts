import * as z from "zod";
import { loadPairing } from "../../sidecar/src/config/pairing-file.ts";
import type { RunStatus } from "../../sidecar/src/config/status-file.ts";
import { confirmPairingAsOwner } from "./confirm-pairing.ts";
import { type AskYes, watchApprovers } from "./local-approvers.ts";
import { type LocalBroker, pcName } from "./local-broker.ts";
import { sessionInWords, watchSession } from "./local-session.ts";
import { watchStandby } from "./local-standby.ts";
import { OwnerTokenRefused } from "./oauth-client.ts";
import type { RunningGateway } from "./running.ts";
import { Sorry } from "./say.ts";
import { type SidecarProcess, startSidecar } from "./sidecar-process.ts";
import { offersMore, sidecarStatus } from "./sidecar-status.ts";

export interface LocalSidecarOptions {
  /** The built command line. */
  cli: string;
  gateway: RunningGateway;
  configDir: string;
  /** Where the simulator listens, or the owner's own Client Portal Gateway. */
  clientPortal: string;
  /** Default "simulator". With the owner's own, nobody waits for a login. */
  broker?: LocalBroker["kind"];
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
/** The state of the owner's own session is waited for so long; a login may take minutes to open. */
const SESSION_MS = 5_000;
const POLL_MS = 25;
const RESTART_MS = 1_000;
/** `run` was told by the gateway to stop, or was used wrongly: trying again changes nothing. */
const FINAL_EXITS = new Set([1, 2]);

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
  const { cli, configDir, gateway, tell, broker = "simulator" } = options;
  const { pairing } = sidecarStatus(configDir);
  const how = { broker, replace: pairing !== null, ...(tell === undefined ? {} : { tell }) };
  if (
    pairing === null ||
    // Another port than last time: the address is part of what was agreed on.
    pairing.gateway_origin !== gateway.url ||
    // Live was switched on at the PC, which counts from its next pairing.
    (broker === "own" && offersMore(configDir, pairing))
  ) {
    await pairSidecar(cli, configDir, gateway, how);
  }
  const sidecar = keepRunning(options);
  try {
    await untilReady(options, sidecar);
    sidecar.isReady();
  } catch (error) {
    await sidecar.stop();
    throw error;
  }
  return sidecar;
}

interface PairingHow {
  /** Default "simulator": a pairing that is good for nothing else. */
  broker?: LocalBroker["kind"];
  /** Anew, although it is paired already. */
  replace?: boolean;
  /** Tells the owner how to confirm it; without one nobody is waited for. */
  tell?: (line: string) => void;
}

/**
 * Pairs through the front door: code and words from the sidecar's screen, consent in the console. Where
 * the owner token signs in no more, the owner confirms, told how on this screen.
 */
export async function pairSidecar(
  cli: string,
  configDir: string,
  gateway: RunningGateway,
  { broker = "simulator", replace = false, tell }: PairingHow = {},
): Promise<void> {
  const flags = [
    ...(broker === "simulator" ? ["--simulated"] : []),
    ...(replace ? ["--replace"] : []),
  ];
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
      // All that the PC offers: both ends are here, and orders are off until they are switched on.
      confirming = confirmPairingAsOwner(gateway, user_code, {
        expectedWords: fingerprint,
        everything: true,
      }).catch((error: unknown) => {
        if (!(error instanceof OwnerTokenRefused) || tell === undefined) throw error;
        const which = broker === "simulator" ? "the simulator's PC" : "this PC";
        tell(`Pair ${which}: open ${gateway.url}/pair, sign in with your passkey,`);
        tell(`type ${user_code}, and compare these words: ${fingerprint.join(" ")}`);
      });
      confirming.catch(() => pairing.stop());
    },
  );
  const code = await pairing.exited;
  await confirming;
  if (code !== 0) throw new Sorry(`The sidecar could not be paired: ${said.at(-1) ?? "no reason"}`);
}

interface KeptRunning extends LocalSidecar {
  /** The last thing it said before it ended for good; null while there is hope. */
  ended(): string | null;
  /** All is up: from now on its end ends nothing else. */
  isReady(): void;
}

/** A sidecar that crashed or was killed is started again; one that was told to stop is not. */
function keepRunning(options: LocalSidecarOptions): KeptRunning {
  const { cli, configDir, clientPortal, log, onFailure, broker = "simulator" } = options;
  let stopping = false;
  let ended: string | null = null;
  let lastLine = "";
  let ready = false;
  let current: SidecarProcess;
  const askYes = options.askYes ?? null;
  const tell = options.tell ?? log;
  const approvers = watchApprovers({ configDir, yes: askYes, tell });
  const standby = watchStandby(tell, pcName(broker));
  const session = broker === "own" ? watchSession(configDir, tell) : null;
  let restart: NodeJS.Timeout | undefined;
  const begin = () => {
    current = startSidecar(
      cli,
      [
        ...["--config-dir", configDir, "run", "--client-portal", clientPortal],
        ...(broker === "simulator" ? ["--simulated"] : []),
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
        else tell(`${pcName(broker)} has ended for good; the gateway runs on. ${lastLine}`);
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
      session?.begin();
    },
    async stop() {
      stopping = true;
      clearTimeout(restart);
      approvers.stop();
      session?.stop();
      await current.stop();
    },
  };
}

/** A PC that was paired for a broker is left alone: there a person is asked, or nobody. */
function takesUnasked(configDir: string): boolean {
  return loadPairing(configDir)?.simulated === true;
}

/** Ready with the simulator means that the broker answers; the owner's own may wait for a login. */
async function untilReady(
  { configDir, tell, broker = "simulator" }: LocalSidecarOptions,
  sidecar: KeptRunning,
): Promise<void> {
  const deadline = Date.now() + READY_MS;
  let connectedAt: number | null = null;
  while (Date.now() < deadline) {
    const ended = sidecar.ended();
    if (ended !== null) throw new Sorry(ended);
    const { running } = sidecarStatus(configDir);
    if (running?.relay.trouble?.code === "STANDBY") {
      tell?.(`${pcName(broker)}: ${running.relay.trouble.message}`);
      return;
    }
    if (running?.relay.state === "connected") {
      connectedAt ??= Date.now();
      const waited = broker === "own" && Date.now() - connectedAt >= SESSION_MS;
      if (waited || isThere(running.broker, broker)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Sorry("The sidecar did not connect in time; see logs/sidecar.log in the data folder.");
}

function isThere(session: RunStatus["broker"], broker: LocalBroker["kind"]): boolean {
  return broker === "simulator" ? session?.state === "ready" : sessionInWords(session) !== null;
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
