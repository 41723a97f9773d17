import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { confirmPairingAsOwner } from "./lib/confirm-pairing.ts";
import { findGateway, reach } from "./lib/running.ts";
import { orSaySorry, Sorry } from "./lib/say.ts";

/** `npm run -s confirm-pairing -- <code>`: confirms a pairing as the owner of the local gateway. */
export function main(args: string[]): Promise<void> {
  return orSaySorry(async () => {
    const [code, ...rest] = args;
    if (code === undefined || rest.length > 0) {
      throw new Sorry(
        `Usage: npm run -s confirm-pairing -- <code>, as shown by: ${sidecarCommand("pair")}`,
      );
    }
    const gateway = await findGateway(process.env);
    const { words, capabilities } = await reach(gateway, () =>
      confirmPairingAsOwner(gateway, code),
    );
    console.log(`Paired. The sidecar's words: ${words.join(" ")}`);
    console.log(`It may be asked for: ${capabilities.join(", ")}`);
  });
}
