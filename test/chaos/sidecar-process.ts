import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Pairing } from "../../sidecar/src/config/pairing-file.ts";
import { openJournal } from "../../sidecar/src/journal/relay-journal.ts";
import { createRelayLink } from "../../sidecar/src/relay/relay-link.ts";
import { connectWebSocket } from "../../sidecar/src/relay/relay-socket.ts";
import { loadOrCreateDeviceKey } from "../../sidecar/src/trust/pc-keys/device-key.ts";
import { testExecutor, testOperations } from "../support/relay/test-executor.ts";

/** The product's sidecar end in a process of its own, with a broker side that leaves marks. */
export interface SidecarArgs {
  configDir: string;
  pairing: Pairing | null;
  /** One line for each write that reached the "broker". */
  marks: string;
  /** One line for each event that stands in the journal. */
  journaled: string;
  firstEvent: number;
  clockOffsetMs: number;
  maxPages: number;
  /** Without jitter, for runs that count disconnects. */
  eager: boolean;
}

const args: SidecarArgs = JSON.parse(process.argv[2] ?? "{}");
const deviceKey = loadOrCreateDeviceKey(args.configDir);
if (args.pairing === null) {
  say({ kind: "key", publicKey: deviceKey.publicKey });
  process.exit(0);
}
const now = () => performance.timeOrigin + performance.now() + args.clockOffsetMs;
const executor = testExecutor(args.marks);
const journal = openJournal({
  path: `${args.configDir}/journal.sqlite`,
  now,
  maxPages: args.maxPages,
});
let event = args.firstEvent;
let full = 0;
const link = createRelayLink({
  pairing: args.pairing,
  deviceKey,
  policy: {
    offer: ["broker.read", "orders.paper", "events", "chunks"],
    broker_accounts: null,
  },
  journal,
  executor,
  operations: testOperations,
  version: "chaos",
  logger: {
    debug() {},
    info() {},
    warn() {},
    error(_facts, message) {
      if (message.includes("journal")) full += 1;
    },
  },
  connect: connectWebSocket,
  now,
  random: args.eager ? () => 0 : Math.random,
  random32: () => randomBytes(32).toString("base64url"),
  onChange: (state) => say({ kind: "link", state: state.link.kind, dial: state.dial }),
});
link.start();

/** A broker session that changes: the one event whose effect the edge keeps row by row. */
function emit(bytes: number): void {
  event += 1;
  const before = link.state().journal.newestSeq;
  executor.emitSession(event, bytes);
  // Journaled and only then noted: what is noted here must reach the edge.
  if (link.state().journal.newestSeq > before) {
    appendFileSync(args.journaled, `${event}\n`, { flush: true });
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.kind === "emit") for (let n = 0; n < message.count; n += 1) emit(message.bytes);
  if (message.kind === "state") {
    const { link: phase, journal: index, unjournaled, jobs, dropped, trouble } = link.state();
    say({
      kind: "state",
      link: phase.kind,
      unacked: index.newestSeq - index.ackedSeq,
      unjournaled: unjournaled.length,
      running: [...jobs.values()].filter(({ state }) => state !== "done").length,
      event,
      full,
      dropped,
      rss: process.memoryUsage.rss(),
      trouble,
    });
  }
}
await link.stop("chaos over");
journal.close();

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
