import { join } from "node:path";
import { inject } from "vitest";
import { type Gateway, type GatewayOptions, launchGateway } from "../../scripts/lib/gateway.ts";
import { leaksOf, watchAnswers } from "./secret-scan.ts";

export type { Gateway } from "../../scripts/lib/gateway.ts";

/**
 * The real Worker in real workerd, for one test file: `beforeAll(async () => { gateway = await
 * startGateway(); })` and `afterAll(() => gateway.close())`. The bundle is built once per test run.
 */
export async function startGateway(options: Omit<GatewayOptions, "bundle"> = {}): Promise<Gateway> {
  const directory = inject("workerBundle");
  const gateway = await launchGateway({
    ...options,
    bundle: { directory, main: join(directory, "index.js") },
  });
  watchAnswers(gateway);
  return {
    ...gateway,
    // Closing is where a test file ends, so it is where what it left behind is looked through.
    async close() {
      const leaks = await leaksOf(gateway);
      await gateway.close();
      if (leaks.length > 0) throw new Error(`secrets where none may be:\n${leaks.join("\n")}`);
    },
  };
}
