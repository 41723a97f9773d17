/** `run` ended by a fault of its own: unlike the gateway's end of it (1), another start may do better. */
export const EXIT_CRASHED = 3;

/**
 * Ends this process with a status of its own where nothing caught an error, so that whatever looks after
 * it starts it again. Node's own status for this is 1, which here means that the gateway stopped it.
 */
export function exitOnCrash(): void {
  process.once("uncaughtException", (error) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(EXIT_CRASHED);
  });
}
