import { randomBytes } from "node:crypto";
import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import {
  isOperationName,
  OPERATIONS,
} from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import type { SidecarState } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { type Logger, pino } from "pino";
import { isUnfenced, UNFENCED } from "../backup/restored-marker.ts";
import { NOT_SIMULATOR } from "../client-portal/simulator-proof.ts";
import { traceFacts } from "../client-portal/trace.ts";
import { diskReserve } from "../config/disk-reserve.ts";
import { loadPairing } from "../config/pairing-file.ts";
import { ensureConfigDir } from "../config/private-files.ts";
import { UsageError } from "../config/usage-error.ts";
import { VERSION } from "../config/version.ts";
import { openAccountJournal } from "../journal/account-journal.ts";
import { policyOf } from "../orders/local-policy/local-rules.ts";
import { killSwitchPath } from "../orders/local-policy/order-settings.ts";
import { createRelayLink } from "../relay/relay-link.ts";
import type { RelayLinkOptions } from "../relay/relay-link-interface.ts";
import { connectWebSocket } from "../relay/relay-socket.ts";
import { type KeyRing, openKeyRing } from "../trust/pc-keys/device-key.ts";
import { keyPolicy, terminalQuestions } from "./approver-key-policy.ts";
import type { KeyQuestions } from "./ask-about-approver-keys.ts";
import { canAsk } from "./ask-at-terminal.ts";
import { createBroker } from "./broker.ts";
import type { Broker } from "./broker-interface.ts";
import { openOrderSide, type PcOrderSide } from "./open-order-side.ts";
import { openWitness } from "./open-witness.ts";
import { createStatusWriter, type StatusWriter } from "./status-writer.ts";

/** Starts a gateway for a run: the simulator, which only the command line may know, or the broker's. */
export type StartGateway = (tell: (message: string) => void) => Promise<StartedGateway>;

export interface StartedGateway {
  url: string;
  close(): Promise<void>;
  /** Hears every change of the broker session. */
  onSession?(session: BrokerSession): void;
}

export interface RunOptions {
  configDir: string;
  /** Where the broker's gateway listens, or what starts one for this run alone. */
  clientPortal: string | StartGateway;
  simulated: boolean;
  /** Passkeys of the console are taken unasked; for a PC that was paired for the simulator. */
  takeApprovers: boolean;
  logLevel: string;
}

const RESERVE_GIVEN_UP =
  "the disk is full: the room that was kept for it is given up so that exits and cancels can be written down; make room";

const COPIED =
  "this folder was copied or moved from another place, so a new journal was begun; what was under way in the old one is unknown here. Run one copy only";

/** Runs until a signal or the gateway ends it; the exit status. */
export async function runSidecar(options: RunOptions): Promise<number> {
  const { configDir } = options;
  ensureConfigDir(configDir);
  const { pairing, keys } = pairedPc(options);
  const { value: policy } = policyOf(configDir);
  const logger = pino(
    { level: options.logLevel, base: { service: "ibkr-sidecar" }, mixin: traceFacts },
    pino.destination({ dest: 2, sync: true }),
  );
  // A clock that is set, by hand or by the network, must not end or prolong anything.
  const now = () => performance.timeOrigin + performance.now();
  const reserve = diskReserve(configDir, () => logger.error({}, RESERVE_GIVEN_UP));
  reserve.keep();
  const journal = openAccountJournal(configDir, pairing, now, reserve, {
    onDamaged: (movedTo) =>
      logger.error({ moved_to: movedTo }, "the journal was damaged; a new one was begun"),
    onCopied: () => logger.warn({}, COPIED),
  });
  let questions: KeyQuestions | null = null;
  const audit = openWitness(configDir, pairing, {
    killSwitchPath: killSwitchPath(configDir),
    now: Date.now,
    tell: (message) => orders.tellOwner(message),
    log: (message, standing) => logger.warn({ event: "audit.standing", ...standing }, message),
  });
  const orders = openOrderSide(
    configDir,
    pairing,
    reserve,
    (store) => {
      questions = canAsk() ? terminalQuestions(store, logger) : null;
      return keyPolicy(logger, options.takeApprovers, questions);
    },
    audit.witness,
  );
  const foreign = new AbortController();
  // After all that may refuse to open: a gateway that was started would keep a failed run alive.
  const gateway = await startGateway(options, logger);
  const broker = await openBroker(options, gateway.url, orders, logger, foreign).catch(
    async (error: unknown) => {
      await gateway.close();
      throw error;
    },
  );
  broker.onEvent((event) => {
    if (event.type === "broker.session") gateway.onSession?.(broker.session());
  });
  const status = createStatusWriter({
    configDir,
    pairing,
    version: VERSION,
    broker,
    clientPortal: broker.core.address.origin,
  });
  const link = {
    pairing,
    deviceKey: keys.key,
    policy,
    journal,
    executor: broker,
    witness: audit.witness,
    logger,
    now,
  };
  return untilEnded({
    link,
    keys,
    status,
    foreign: foreign.signal,
    stop: () => questions?.stop(),
    async close() {
      status.stop();
      await broker.close();
      await gateway.close();
      orders.close();
      audit.close();
      journal.close();
    },
  });
}

async function startGateway({ clientPortal }: RunOptions, logger: Logger): Promise<StartedGateway> {
  return typeof clientPortal === "string"
    ? { url: clientPortal, close: async () => undefined }
    : clientPortal((message) => logger.info({ part: "client_portal" }, message));
}

/** @throws UsageError when this PC is not paired, or not for what it is asked to run on. */
function pairedPc({ configDir, simulated, takeApprovers }: RunOptions) {
  if (isUnfenced(configDir)) throw new UsageError(UNFENCED);
  const pairing = loadPairing(configDir);
  const keys = openKeyRing(configDir);
  if (pairing === null || keys === null) {
    throw new UsageError(`this PC is not paired yet; run: ${sidecarCommand("pair")}`);
  }
  if (pairing.simulated === true && !simulated) {
    throw new UsageError(
      `this PC was paired for the simulator; pair it anew: ${sidecarCommand("pair --replace")}`,
    );
  }
  if (takeApprovers && (pairing.simulated !== true || !simulated)) {
    throw new UsageError("--take-approvers is for a PC that was paired for the simulator");
  }
  return { pairing, keys };
}

function openBroker(
  { configDir, simulated }: RunOptions,
  baseUrl: string,
  orders: PcOrderSide,
  logger: Logger,
  foreign: AbortController,
): Promise<Broker> {
  return createBroker({
    baseUrl,
    configDir,
    simulated,
    onNotSimulator: () => foreign.abort(),
    logger: logger.child({ part: "broker" }),
    ownerZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    isOwnOrder: orders.isOwnOrder,
    orders: orders.open,
  }).catch((error: unknown) => {
    orders.close();
    if (error instanceof GatewayError) throw new UsageError(error.failure.message);
    throw error;
  });
}

interface Running {
  link: Pick<
    RelayLinkOptions,
    "pairing" | "deviceKey" | "policy" | "journal" | "executor" | "witness" | "now"
  > & {
    logger: Logger;
  };
  keys: KeyRing;
  status: StatusWriter;
  /** Aborts when what answers is not the simulator. */
  foreign: AbortSignal;
  /** Ends what waits for somebody at this PC, before the connection is ended. */
  stop(): void;
  /** Everything else, after it. */
  close(): Promise<void>;
}

/** Connects, and waits for a signal, for the gateway's end of it, or for a broker that is another one. */
function untilEnded(running: Running): Promise<number> {
  const { keys, status, foreign } = running;
  const { logger, ...parts } = running.link;
  return new Promise<number>((resolve) => {
    let ending = false;
    let trouble: SidecarState["trouble"] = null;
    const end = async (code: number, reason: string) => {
      if (ending) return;
      ending = true;
      running.stop();
      await link.stop(reason);
      await running.close();
      resolve(code);
    };
    const link = createRelayLink({
      ...parts,
      operations: (name) => (isOperationName(name) ? OPERATIONS[name] : null),
      version: VERSION,
      logger: logger.child({ part: "relay" }),
      connect: connectWebSocket,
      random: Math.random,
      random32: () => randomBytes(32).toString("base64url"),
      onChange(state) {
        status.write(state);
        if (state.link.kind === "live") keys.accepted();
        if (state.trouble !== trouble && state.trouble?.code === "UNAUTHENTICATED") keys.refused();
        trouble = state.trouble;
        if (state.link.kind === "stopped" && !ending) {
          logger.error(
            { code: state.link.code },
            `the gateway ended this for good; see ${sidecarCommand("status")}`,
          );
          void end(1, state.link.reason);
        }
      },
    });
    process.once("SIGINT", () => void end(0, "stopped by its owner"));
    process.once("SIGTERM", () => void end(0, "stopped by its owner"));
    // The terminal was closed, or the user logged out: the broker's gateway must not stay behind.
    process.once("SIGHUP", () => void end(0, "its terminal was closed"));
    foreign.addEventListener("abort", () => {
      logger.error({}, NOT_SIMULATOR);
      void end(2, "what answers is not the simulator");
    });
    logger.info(
      {
        gateway: parts.pairing.gateway_origin,
        sidecar_id: parts.pairing.sidecar_id,
        version: VERSION,
      },
      "starting",
    );
    link.start();
  });
}
