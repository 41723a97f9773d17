/** Set by the service files of managers that cannot tell ends apart by their number. */
export const FINAL_EXIT = "IBKR_SIDECAR_FINAL_EXIT";

/**
 * Ends with 0 in place of 1 (the gateway ended it for good) and 2 (wrong use) where the service file
 * says so: launchd and Windows would start the program again each minute, and nothing would change.
 */
export function endWellWhenFinal(env: Readonly<Record<string, string | undefined>>): void {
  if (env[FINAL_EXIT] !== "0") return;
  process.once("exit", (code) => {
    if (code === 1 || code === 2) process.exitCode = 0;
  });
}
