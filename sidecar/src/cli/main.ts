#!/usr/bin/env node
import { Command } from "commander";
import { UsageError } from "../config/usage-error.ts";
import { VERSION } from "../config/version.ts";
import { endWellWhenFinal } from "../service/final-exit.ts";
import { register as registerAcceptLog } from "./accept-log.ts";
import { register as registerApprove } from "./approve.ts";
import { register as registerApproverPage } from "./approver-page.ts";
import { register as registerApprovers } from "./approvers.ts";
import { register as registerAudit } from "./audit.ts";
import { register as registerBackup } from "./backup.ts";
import { register as registerDoctor } from "./doctor.ts";
import { register as registerFieldReport } from "./field-report.ts";
import { register as registerKill } from "./kill.ts";
import { register as registerMandates } from "./mandates.ts";
import { addGlobalOptions } from "./options.ts";
import { register as registerPair } from "./pair.ts";
import { register as registerPolicy } from "./policy.ts";
import { register as registerRecover } from "./recover.ts";
import { register as registerRequests } from "./requests.ts";
import { register as registerRestore } from "./restore.ts";
import { register as registerRotateKey } from "./rotate-key.ts";
import { register as registerRun } from "./run.ts";
import { register as registerService } from "./service.ts";
import { register as registerSimulator } from "./simulator.ts";
import { register as registerStatus } from "./status.ts";
import { register as registerTakeover } from "./takeover.ts";
import { register as registerUninstall } from "./uninstall.ts";
import { register as registerUnkill } from "./unkill.ts";
import { register as registerUse } from "./use.ts";

const EXIT_USAGE = 2;
const EXIT_FAILURE = 1;

endWellWhenFinal(process.env);

const program = new Command("ibkr-sidecar")
  .description(
    "Runs beside IBKR's Client Portal Gateway on your own PC and dials out to your gateway.\n" +
      "Unofficial, not affiliated with Interactive Brokers.",
  )
  .version(VERSION)
  .configureHelp({ showGlobalOptions: true })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE));
addGlobalOptions(program);

for (const register of [
  registerPair,
  registerRecover,
  registerRotateKey,
  registerRun,
  registerStatus,
  registerDoctor,
  registerFieldReport,
  registerTakeover,
  registerKill,
  registerUnkill,
  registerPolicy,
  registerApprove,
  registerApprovers,
  registerApproverPage,
  registerMandates,
  registerRequests,
  registerUse,
  registerAudit,
  registerService,
  registerBackup,
  registerRestore,
  registerUninstall,
  registerSimulator,
  registerAcceptLog,
]) {
  register(program);
}

try {
  await program.parseAsync();
} catch (error) {
  // One line for whoever sits at the keyboard; a stack helps nobody there.
  const usage = error instanceof UsageError;
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`error: ${text.replace(/\s+/g, " ")}\n`);
  process.exitCode = usage ? EXIT_USAGE : EXIT_FAILURE;
}
