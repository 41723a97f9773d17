import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { isUnfenced, UNFENCED } from "../backup/restored-marker.ts";
import { UsageError } from "../config/usage-error.ts";
import { rotateDeviceKey } from "../relay/rotate-device-key.ts";
import { globalOptions } from "./options.ts";

/** Adds `rotate-key`: gives this PC a new device key, signed by the old one. */
export function register(program: Command): void {
  program
    .command("rotate-key")
    .summary("give this PC a new device key")
    .description(
      "Makes a new key, signs it with the present one and has the gateway take it. The pairing\n" +
        `stays. Stop \`${sidecarCommand("run")}\` first; start it again afterwards.`,
    )
    .addHelpText("after", "\nExit status: 0 rotated, 1 not rotated, 2 wrong use.")
    .action(async (_flags: object, command: Command) => {
      const { configDir } = globalOptions(command);
      if (isUnfenced(configDir)) throw new UsageError(UNFENCED);
      process.stdout.write(`This PC's key is now: ${await rotateDeviceKey(configDir)}\n`);
    });
}
