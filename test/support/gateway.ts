import { join } from "node:path";
import { inject } from "vitest";
import { type Gateway, type GatewayOptions, launchGateway } from "../../scripts/lib/gateway.ts";

export type { Gateway } from "../../scripts/lib/gateway.ts";

/**
 * The real Worker in real workerd, for one test file: `beforeAll(async () => { gateway = await
 * startGateway(); })` and `afterAll(() => gateway.close())`. The bundle is built once per test run.
 */
export function startGateway(options: Omit<GatewayOptions, "bundle"> = {}): Promise<Gateway> {
  const directory = inject("workerBundle");
  return launchGateway({ ...options, bundle: { directory, main: join(directory, "index.js") } });
}
