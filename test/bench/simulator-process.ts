import { startSimulator } from "@ibkr-edge-gateway/simulator/start.ts";

/**
 * The simulator in a process of its own, without the request limits: what is measured is this
 * project, and a direct caller has no pacer that would keep it below them.
 */
const simulator = await startSimulator({
  clock: "real",
  marketHours: "always",
  behaviours: { limits: { enabled: false } },
});
console.log(simulator.url);
process.once("SIGTERM", () => void simulator.close());
