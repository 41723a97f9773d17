import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { type OrderStore, openOrderStore } from "../orders/journal/order-store.ts";
import { orderStorePath } from "../orders/local-policy/order-settings.ts";
import { questionAbout } from "../run/ask-about-approver-keys.ts";
import { canAsk, lineAtTerminal, typedAtTerminal, yesAtTerminal } from "../run/ask-at-terminal.ts";
import { removeApprover } from "../trust/enrolment/accept-enrolment.ts";
import {
  type AnnouncedKey,
  acceptAnnounced,
  listWaiting,
} from "../trust/enrolment/announced-keys.ts";
import {
  approverFingerprint,
  type EnrolledVia,
  enrolApprover,
  listApprovers,
  UNASKED,
  vouchFor,
} from "../trust/tables/approvers.ts";
import { algorithmOf, isKnownAlgorithm } from "../trust/verify/verify-assertion.ts";
import { registerEnrol } from "./approvers-enrol.ts";
import { globalOptions } from "./options.ts";
import { sameWords } from "./same-words.ts";

/** Adds `approvers`: whose passkeys this PC takes an approval from. */
export function register(program: Command): void {
  const approvers = program
    .command("approvers")
    .summary("show or change whose passkeys may approve orders")
    .description(
      "The passkeys whose signature this PC accepts under an order. They are decided here: the\n" +
        "gateway can show a key, and cannot put one in.",
    )
    .option("--json", "print one JSON object a line")
    .action((flags: { json?: boolean }, command: Command) => {
      withStore(command, (store) => list(store, flags.json === true));
    });
  approvers
    .command("add")
    .summary("take approvals from another passkey")
    .description(
      "Without options: lists the passkeys of your console that this PC does not take approvals\n" +
        "from yet, each by its six words, and takes the one you choose. The running sidecar hears\n" +
        "of a passkey as soon as it is added in the console.",
    )
    .option("--accept-approver <words>", "the six words of the one to take; nobody is asked")
    .option("--credential <id>", "take a key that the console did not announce: its id")
    .option("--public-key <key>", "with --credential: its public key (COSE, base64url)")
    .option("--label <name>", "with --credential: what it is called in the list", "passkey")
    .addHelpText("after", "\nExit status: 0 added, 1 not added, 2 wrong use.")
    .action(add);
  registerEnrol(approvers);
  approvers
    .command("remove")
    .summary("take no approvals from a passkey any more")
    .argument("[credential]", "its id")
    // An id may begin with a dash, and would be read as an option where an argument stands.
    .option("--credential <id>", "its id; the one way for an id that begins with a dash")
    .action((given: string | undefined, flags: { credential?: string }, command: Command) => {
      const credential = flags.credential ?? given;
      if (credential === undefined) throw new UsageError("say which passkey: its id is missing");
      withStore(command, (store) => {
        if (!removeApprover(store.db, credential, Date.now())) {
          throw new UsageError("there is no such approver");
        }
        process.stdout.write("Removed. An approval by it is refused from now on.\n");
      });
    });
}

interface AddFlags {
  credential?: string;
  publicKey?: string;
  label: string;
  acceptApprover?: string;
}

async function add(flags: AddFlags, command: Command): Promise<void> {
  const { credential, publicKey } = flags;
  if (credential === undefined && publicKey === undefined) {
    await addAnnounced(flags.acceptApprover, command);
    return;
  }
  if (credential === undefined || publicKey === undefined) {
    throw new UsageError("--credential and --public-key belong together");
  }
  await addByHand({ ...flags, credential, publicKey }, command);
}

async function addAnnounced(given: string | undefined, command: Command): Promise<void> {
  let waiting: AnnouncedKey[] = [];
  withStore(command, (store) => {
    waiting = listWaiting(store.db);
  });
  if (waiting.length === 0) {
    process.stdout.write(
      "No passkey waits to be accepted. Add one in the console, under Security; a running sidecar\n" +
        "hears of it at once.\n",
    );
    process.exitCode = 1;
    return;
  }
  const chosen = await chosenKey(waiting, given);
  if (chosen === null) {
    process.stdout.write("Nothing was added.\n");
    process.exitCode = 1;
    return;
  }
  withStore(command, (store) => {
    if (!acceptAnnounced(store.db, chosen, "terminal", Date.now())) {
      throw new UsageError("it is not in your console any more; nothing was added");
    }
    process.stdout.write(`Added: ${chosen.words}\n"${chosen.label}" may approve orders here.\n`);
  });
}

/** The one whose words were given, or that whoever sits here chooses; null for none of them. */
async function chosenKey(
  waiting: readonly AnnouncedKey[],
  given: string | undefined,
): Promise<AnnouncedKey | null> {
  if (given !== undefined) {
    const named = waiting.find(({ words }) => sameWords(given, words));
    if (named !== undefined) return named;
    throw new UsageError("no passkey of your console has these words; nothing was added");
  }
  for (const [index, { label, words }] of waiting.entries()) {
    process.stdout.write(`${index + 1}. ${label}: ${words}\n`);
  }
  if (!canAsk()) {
    throw new UsageError(
      "choose at the terminal of this PC, or name the one to take: --accept-approver <its six words>",
    );
  }
  const [only] = waiting;
  if (only !== undefined && waiting.length === 1) {
    return (await yesAtTerminal(questionAbout(only))) === true ? only : null;
  }
  const typed = await lineAtTerminal(`Which one? (1 to ${waiting.length}, Enter for none) `);
  const key = /^\d+$/.test(typed?.trim() ?? "") ? waiting[Number(typed) - 1] : undefined;
  if (key === undefined) return null;
  return (await yesAtTerminal(questionAbout(key))) === true ? key : null;
}

async function addByHand(
  flags: AddFlags & { credential: string; publicKey: string },
  command: Command,
): Promise<void> {
  const publicKey = new Uint8Array(Buffer.from(flags.publicKey, "base64url"));
  const algorithm = algorithmOf(publicKey);
  if (algorithm === null || !isKnownAlgorithm(algorithm)) {
    throw new UsageError("that is not the public key of a passkey this PC can judge");
  }
  if (!/^[A-Za-z0-9_-]{16,1400}$/.test(flags.credential)) {
    throw new UsageError("that is not the id of a passkey");
  }
  if (!(await agreed(publicKey, flags.acceptApprover))) {
    process.stdout.write("Nothing was added.\n");
    process.exitCode = 1;
    return;
  }
  withStore(command, (store) => {
    const key = { credentialId: flags.credential, publicKey };
    const enrolled = enrolApprover(
      store.db,
      {
        ...key,
        label: flags.label.replace(/\p{C}/gu, "").slice(0, 60),
        enrolledBy: "terminal",
      },
      Date.now(),
    );
    if (!enrolled && !vouchFor(store.db, key))
      throw new UsageError("this passkey is known already, or was removed before");
    process.stdout.write(`Added: ${approverFingerprint(publicKey)}\n`);
  });
}

/** True when the words were given beforehand, or whoever sits here says that they are the same. */
async function agreed(publicKey: Uint8Array, given: string | undefined): Promise<boolean> {
  const words = approverFingerprint(publicKey);
  if (given !== undefined) {
    if (sameWords(given, words)) return true;
    throw new UsageError("the passkey's words are others; nothing was added");
  }
  return typedAtTerminal(`Approver: ${words}\nAre these the words on your own screen?`, "yes");
}

const KINDS: Record<EnrolledVia, string> = {
  "terminal-edge": "\n  of the gateway's pages: wants this PC's number for all it approves",
  loopback: "\n  of this PC's own page: no number",
  qr: "\n  of the page that you host: no number",
  usb: "\n  a USB key, proved at this PC: no number",
};

function list(store: OrderStore, json: boolean): void {
  const rows = listApprovers(store.db).map((approver) => ({
    credential_id: approver.credentialId,
    label: approver.label,
    words: approverFingerprint(approver.publicKey),
    enrolled_at: new Date(approver.enrolledAt).toISOString(),
    enrolled_by: approver.enrolledBy,
    kind: approver.kind,
  }));
  if (json) {
    for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
    return;
  }
  if (rows.length === 0) {
    process.stdout.write("No passkey may approve orders yet; none goes out without one.\n");
  }
  for (const { label, words, enrolled_at, enrolled_by, credential_id, kind } of rows) {
    const only =
      enrolled_by === UNASKED ? "\n  taken without asking: at the simulator only" : KINDS[kind];
    process.stdout.write(
      `${label}: ${words}\n  since ${enrolled_at}, id ${credential_id}${only}\n`,
    );
  }
  for (const { label, words } of listWaiting(store.db)) {
    process.stdout.write(`Not accepted here: ${label}: ${words}\n`);
  }
}

/** Opens the order store beside a running sidecar. @throws UsageError when this PC is not paired. */
export function withStore(command: Command, act: (store: OrderStore) => void): void {
  const store = openedStore(command);
  try {
    act(store);
  } finally {
    store.close();
  }
}

/** The same for what takes time. */
export async function withStoreAsync(
  command: Command,
  act: (store: OrderStore) => Promise<void>,
): Promise<void> {
  const store = openedStore(command);
  try {
    await act(store);
  } finally {
    store.close();
  }
}

function openedStore(command: Command): OrderStore {
  const { configDir } = globalOptions(command);
  const pairing = loadPairing(configDir);
  if (pairing === null) {
    throw new UsageError(`this PC is not paired yet; run: ${sidecarCommand("pair")}`);
  }
  return openOrderStore(orderStorePath(configDir, pairing));
}
