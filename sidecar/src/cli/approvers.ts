import type { Command } from "commander";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { approverWords, sameWords } from "../orders/approver-words.ts";
import { orderStorePath } from "../orders/local-files.ts";
import { type OrderStore, openOrderStore } from "../orders/store.ts";
import { enrolApprover, listApprovers, revokeApprover } from "../trust/approvers.ts";
import { algorithmOf, isKnownAlgorithm } from "../trust/verify-assertion.ts";
import { typedAtTerminal } from "./confirm.ts";
import { globalOptions } from "./options.ts";

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
    .requiredOption("--credential <id>", "its id, as the console's security page shows it")
    .requiredOption("--public-key <key>", "its public key, from the same page")
    .option("--label <name>", "what it is called in the list", "passkey")
    .option("--accept-approver <words>", "its six words; without them you are asked")
    .addHelpText("after", "\nExit status: 0 added, 1 not added, 2 wrong use.")
    .action(add);
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
        if (!revokeApprover(store.db, credential, Date.now())) {
          throw new UsageError("there is no such approver");
        }
        process.stdout.write("Removed. An approval by it is refused from now on.\n");
      });
    });
}

interface AddFlags {
  credential: string;
  publicKey: string;
  label: string;
  acceptApprover?: string;
}

async function add(flags: AddFlags, command: Command): Promise<void> {
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
    const added = enrolApprover(
      store.db,
      {
        credentialId: flags.credential,
        publicKey,
        label: flags.label.replace(/\p{C}/gu, "").slice(0, 60),
        enrolledBy: "terminal",
      },
      Date.now(),
    );
    if (!added) throw new UsageError("this passkey is known already, or was removed before");
    process.stdout.write(`Added: ${approverWords(publicKey)}\n`);
  });
}

/** True when the words were given beforehand, or whoever sits here says that they are the same. */
export async function agreed(publicKey: Uint8Array, given: string | undefined): Promise<boolean> {
  const words = approverWords(publicKey);
  if (given !== undefined) {
    if (sameWords(given, words)) return true;
    throw new UsageError("the passkey's words are others; nothing was added");
  }
  return typedAtTerminal(`Approver: ${words}\nAre these the words on your own screen?`, "yes");
}

function list(store: OrderStore, json: boolean): void {
  const rows = listApprovers(store.db).map((approver) => ({
    credential_id: approver.credentialId,
    label: approver.label,
    words: approverWords(approver.publicKey),
    enrolled_at: new Date(approver.enrolledAt).toISOString(),
    enrolled_by: approver.enrolledBy,
  }));
  if (json) {
    for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
    return;
  }
  if (rows.length === 0) {
    process.stdout.write("No passkey may approve orders yet; none goes out without one.\n");
  }
  for (const { label, words, enrolled_at, credential_id } of rows) {
    process.stdout.write(`${label}: ${words}\n  since ${enrolled_at}, id ${credential_id}\n`);
  }
}

/** Opens the order store beside a running sidecar. @throws UsageError when this PC is not paired. */
export function withStore(command: Command, act: (store: OrderStore) => void): void {
  const { configDir } = globalOptions(command);
  const pairing = loadPairing(configDir);
  if (pairing === null) {
    throw new UsageError("this PC is not paired yet; run: ibkr-sidecar pair <gateway-url>");
  }
  const store = openOrderStore(orderStorePath(configDir, pairing));
  try {
    act(store);
  } finally {
    store.close();
  }
}
