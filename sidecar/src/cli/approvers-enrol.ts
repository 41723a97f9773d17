import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { APPROVER_LIMITS } from "@ibkr-edge-gateway/protocol/approval-page/approver-limits.ts";
import {
  ENROLMENT_SEED_BYTES,
  enrolmentCodeOf,
  enrolmentEnds,
  enrolmentFragment,
  enrolmentWords,
} from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { renderUnicodeCompact } from "uqr";
import {
  LOOPBACK_RP_ID,
  loopbackOrigin,
  loopbackPort,
} from "../approval-page-server/loopback-port.ts";
import { openInBrowser, pageLink } from "../approval-page-server/open-page.ts";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import { keepSealed } from "../orders/approval-page/seal-envelope.ts";
import { openOrderStore } from "../orders/journal/order-store.ts";
import { orderStorePath } from "../orders/local-policy/order-settings.ts";
import { canAsk, yesAtTerminal } from "../run/ask-at-terminal.ts";
import {
  acceptEnrolment,
  undoEnrolment,
  wordsOfWaiting,
} from "../trust/enrolment/accept-enrolment.ts";
import { openSigningKey, STATEMENT_KEY_FILE } from "../trust/pc-keys/statement-and-witness-keys.ts";
import { onProbation } from "../trust/tables/approvers.ts";
import {
  beginEnrolment,
  currentEnrolment,
  endEnrolment,
  type NewEnrolment,
} from "../trust/tables/enrolments.ts";
import { addHostedPage } from "../trust/tables/hosted-page.ts";
import { globalOptions } from "./options.ts";

interface Flags {
  page?: string;
  label?: string;
  print?: boolean;
}

/** Adds `approvers enrol`: a passkey that the gateway has no part in. */
export function registerEnrol(approvers: Command): void {
  approvers
    .command("enrol")
    .summary("make a passkey of your own that approves without a number")
    .description(
      "Makes a passkey on this PC's own page, or with --page on the page that you host, and takes it as\n" +
        "an approver after you compared six words. The gateway carries bytes and can bring no key of its\n" +
        "own: with --page, what your phone makes comes back sealed with a secret that only this screen\n" +
        "showed. Passkeys of the gateway's pages are good for paper alone from then on.",
    )
    .option("--page <url>", "the page that you host, for example https://approve.example.com/")
    .option("--label <name>", "what it is called in the list")
    .option("--print", "print the link of this PC's own page instead of opening it")
    .addHelpText("after", "\nExit status: 0 enrolled, 1 not enrolled, 2 wrong use.")
    .action(enrol);
}

async function enrol(flags: Flags, command: Command): Promise<void> {
  const { configDir } = globalOptions(command);
  const pairing = loadPairing(configDir);
  if (pairing === null) {
    throw new UsageError(`this PC is not paired yet; run: ${sidecarCommand("pair")}`);
  }
  if (!canAsk()) throw new UsageError("this is decided at the terminal of this PC; run it there");
  const store = openOrderStore(orderStorePath(configDir, pairing));
  const ended = new AbortController();
  process.once("SIGINT", () => ended.abort());
  try {
    const seed = randomBytes(ENROLMENT_SEED_BYTES);
    const code = enrolmentCodeOf(seed, enrolmentEnds(Date.now()));
    const place = await placeOf(flags, configDir);
    beginEnrolment(store.db, { ...place, code }, Date.now());
    if (flags.page === undefined) {
      const port = await loopbackPort(configDir);
      await showLink(await pageLink(store.db, port, code, Date.now()), flags.print === true);
    } else {
      const url = new URL(flags.page);
      addHostedPage(store.db, `${url.origin}${url.pathname}`);
      showQr(`${url.origin}${url.pathname}#${enrolmentFragment(code)}`, enrolmentWords(seed));
    }
    const ok = await untilProved(store.db, ended.signal, async (credentialId) => {
      const nowMs = Date.now();
      await keepSealed(
        {
          store,
          gatewayAccountId: pairing.account_id,
          sidecarId: pairing.sidecar_id,
          ticketKey: openSigningKey(configDir, STATEMENT_KEY_FILE),
        },
        {
          act: "probe",
          about: `probe ${credentialId}`,
          body: { credential_id: credentialId },
          notAfterMs: nowMs + APPROVER_LIMITS.probeSeconds * 1_000,
        },
        nowMs,
      );
    });
    if (!ok) {
      process.exitCode = 1;
      return;
    }
    tellWhatChanged(store.db);
  } finally {
    undoEnrolment(store.db, "it was broken off at the PC", Date.now());
    endEnrolment(store.db);
    store.close();
  }
}

async function placeOf(flags: Flags, configDir: string): Promise<Omit<NewEnrolment, "code">> {
  const label = (flags.label ?? "").replace(/\p{C}/gu, "").slice(0, 60);
  if (flags.page === undefined) {
    const origin = loopbackOrigin(await loopbackPort(configDir));
    return { via: "loopback", origin, rpId: LOOPBACK_RP_ID, label: label || "this PC" };
  }
  const url = URL.parse(flags.page);
  const mayBe = url?.protocol === "https:" || url?.hostname === LOOPBACK_RP_ID;
  if (url === null || !mayBe || url.username !== "" || url.hash !== "" || url.search !== "") {
    throw new UsageError("--page is an https address, without a question mark or a hash");
  }
  return { via: "qr", origin: url.origin, rpId: url.hostname, label: label || url.hostname };
}

async function showLink(link: string, printOnly: boolean): Promise<void> {
  if (!printOnly && (await openInBrowser(link))) {
    process.stdout.write("This PC's own page is open in your browser. Make the passkey there.\n");
    return;
  }
  process.stdout.write(
    `Open this in a browser of this PC; it is good once, for five minutes:\n${link}\n`,
  );
}

function showQr(link: string, words: readonly string[]): void {
  process.stdout.write(
    `${renderUnicodeCompact(link)}\nScan it with the camera of your phone, within five minutes. Without a camera open the page and\n` +
      `type these eight words:\n\n  ${words.join(" ")}\n\n`,
  );
}

const POLL_MS = 250;

/** Waits through the ceremony, and asks about the words when the key is there; true when it works. */
async function untilProved(
  db: DatabaseSync,
  signal: AbortSignal,
  askForProbe: (credentialId: string) => Promise<void>,
): Promise<boolean> {
  let probeEnds = Number.POSITIVE_INFINITY;
  for (;;) {
    const enrolment = currentEnrolment(db);
    if (enrolment === null || signal.aborted) return false;
    switch (enrolment.state) {
      case "open":
        if (Date.now() >= enrolment.code.exp * 1_000) return ended("its five minutes are over");
        break;
      case "waiting": {
        const words = wordsOfWaiting(db);
        if (words === null || enrolment.key === null) return ended("the key is gone");
        const said = await yesAtTerminal(
          `\nA passkey was made. Its six words:\n\n  ${words}\n\nAre these the words on the page?`,
          signal,
        );
        if (said !== true) return ended("the words were said to be others");
        if (!acceptEnrolment(db, Date.now()))
          return ended(currentEnrolment(db)?.why ?? "it is over");
        await askForProbe(enrolment.key.credentialId);
        probeEnds = Date.now() + APPROVER_LIMITS.probeSeconds * 1_000;
        process.stdout.write("Use the passkey once on the page, to show that it works.\n");
        break;
      }
      case "accepted":
        if (Date.now() >= probeEnds) return ended("the passkey was not used within two minutes");
        break;
      case "proved":
        return true;
      case "ended":
        return ended(enrolment.why ?? "it is over");
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function ended(why: string): false {
  process.stdout.write(`Nothing was enrolled: ${why}.\n`);
  return false;
}

function tellWhatChanged(db: DatabaseSync): void {
  process.stdout.write("Enrolled. It approves orders without a number, live ones included.\n");
  for (const { label, credentialId } of onProbation(db)) {
    process.stdout.write(
      `"${label}" of the gateway's pages is good for paper orders alone now. To take it out:\n` +
        `  ${sidecarCommand(`approvers remove --credential ${credentialId}`)}\n`,
    );
  }
}
