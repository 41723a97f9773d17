import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import type { Command } from "commander";
import { type GatewayAddress, parseGatewayAddress } from "../client-portal/address.ts";
import { filePins } from "../client-portal/certificate-pin.ts";
import { readRunStatus } from "../config/status-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { checkLog } from "../doctor/audit-log.ts";
import { checkEdge } from "../doctor/edge.ts";
import { type Finding, ok, unknown } from "../doctor/finding.ts";
import { checkCertificate, checkPort } from "../doctor/local-gateway.ts";
import { checkAnswers, checkSession } from "../doctor/session.ts";
import { checkDisk, checkPairing } from "../doctor/this-pc.ts";
import { openLooker, waitForState } from "./one-shot-session.ts";
import { globalOptions } from "./options.ts";
import { isAlive } from "./status.ts";

interface Flags {
  clientPortal?: string;
  trustCertificate?: string;
  json?: boolean;
}

const DEFAULT_CLIENT_PORTAL = "https://127.0.0.1:5000";
const LOOK_MS = 12_000;

/** Adds `doctor`: looks at each layer in turn and says what to do. */
export function register(program: Command): void {
  program
    .command("doctor")
    .summary("find out what is wrong, layer by layer")
    .description(
      "Looks at the disk, the pairing, the gateway, the clock, the gateway's audit log, the Client Portal\n" +
        "Gateway's port and certificate, and the broker session. It changes nothing, but for --trust-certificate.",
    )
    .option(
      "--client-portal <url>",
      "where the Client Portal Gateway listens, on this PC (default: the one that the running\n" +
        `sidecar uses, else "${DEFAULT_CLIENT_PORTAL}")`,
    )
    .option(
      "--trust-certificate <sha256>",
      "trust the gateway's certificate from now on, if it is this one",
    )
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExit status: 0 nothing is wrong, 1 something is, 2 wrong use.")
    .action(async (flags: Flags, command: Command) => {
      const findings = await examine(globalOptions(command).configDir, flags);
      process.stdout.write(
        flags.json === true ? `${JSON.stringify({ findings }, null, 2)}\n` : inWords(findings),
      );
      if (findings.some((finding) => finding.verdict === "wrong")) process.exitCode = 1;
    });
}

async function examine(configDir: string, flags: Flags): Promise<Finding[]> {
  const address = addressFrom(clientPortalOf(configDir, flags.clientPortal));
  const pc = [checkDisk(configDir), checkPairing(configDir)];
  const edge = [...(await checkEdge(configDir, Date.now)), checkLog(configDir, Date.now())];
  const port = await checkPort(address);
  const certificate =
    port.verdict === "ok"
      ? runsSimulator(configDir, address)
        ? ok("TLS", "The simulator's own certificate; it makes a new one at each start.")
        : await checkCertificate(
            address,
            filePins(configDir),
            flags.trustCertificate,
            new Date().toISOString(),
          )
      : unknown("TLS", "Nothing listens there.");
  return [
    ...pc,
    ...edge,
    port,
    certificate,
    ...(await session(configDir, address, [port, certificate])),
  ];
}

/** A running sidecar knows already, and asking beside it would only use up the broker's patience. */
async function session(
  configDir: string,
  address: GatewayAddress,
  before: readonly Finding[],
): Promise<Finding[]> {
  const told = reportedSession(configDir);
  if (told !== null) {
    return [...checkSession(told), checkAnswers(readRunStatus(configDir)?.unread ?? [])];
  }
  if (before.some((finding) => finding.verdict === "wrong")) {
    return [
      unknown("single sign-on", "Not asked: first put right what stands above."),
      unknown("brokerage", "Not asked."),
      unknown("rival", "Not asked."),
    ];
  }
  const looker = openLooker({
    address,
    configDir,
    simulated: false,
    remember: false,
  });
  try {
    const settled = await waitForState(
      looker,
      ({ state }) => state !== "unknown" && state !== "initializing",
      LOOK_MS,
    );
    return checkSession(settled);
  } finally {
    await looker.close();
  }
}

/** The address that was named, else that of the running sidecar, else where the gateway listens by itself. */
export function clientPortalOf(configDir: string, named: string | undefined): string {
  if (named !== undefined) return named;
  const running = readRunStatus(configDir);
  const used = running !== null && isAlive(running) ? running.client_portal : undefined;
  return used ?? DEFAULT_CLIENT_PORTAL;
}

/** The broker session as a sidecar that runs with this folder knows it; null where none does. */
export function reportedSession(configDir: string): BrokerSession | null {
  const running = readRunStatus(configDir);
  if (running === null || !isAlive(running)) return null;
  const told = BrokerSession.safeParse(running.broker);
  return told.success ? told.data : null;
}

/** Whether the running sidecar has proved that what listens there is the simulator. */
export function runsSimulator(configDir: string, { origin }: GatewayAddress): boolean {
  const running = readRunStatus(configDir);
  if (running === null || !isAlive(running)) return false;
  return running.broker?.source === "simulator" && running.client_portal === origin;
}

export function addressFrom(text: string): ReturnType<typeof parseGatewayAddress> {
  try {
    return parseGatewayAddress(text);
  } catch (error) {
    if (error instanceof GatewayError) throw new UsageError(error.failure.message);
    throw error;
  }
}

const MARKS = { ok: "ok     ", wrong: "WRONG  ", unknown: "?      " } as const;

function inWords(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map((finding) => finding.layer.length));
  const lines = findings.flatMap((finding) => [
    `${MARKS[finding.verdict]}${finding.layer.padEnd(width)}  ${finding.says}`,
    ...(finding.next_step === null ? [] : [`${" ".repeat(width + 9)}→ ${finding.next_step}`]),
  ]);
  return `${lines.join("\n")}\n`;
}
