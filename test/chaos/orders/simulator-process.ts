import { startSimulator } from "@ibkr-edge-gateway/simulator/start.ts";

/**
 * The simulated broker in a process of its own; it outlives every other part of a round. It counts no
 * requests: in the run's time a pause of the machine is many times as long, and would bunch requests
 * that were paced well. The 429 comes as a fault.
 */
const { seed, accounts }: { seed: number; accounts: number } = JSON.parse(process.argv[2] ?? "{}");
const simulator = await startSimulator({
  clock: "real",
  marketHours: "always",
  seed,
  accounts,
  behaviours: { limits: { enabled: false } },
});
process.stdout.write(
  `${JSON.stringify({ kind: "ready", url: simulator.url, controlUrl: simulator.controlUrl })}\n`,
);
process.stdin.resume();
process.stdin.on("end", () => void simulator.close());
