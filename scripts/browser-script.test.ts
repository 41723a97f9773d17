import { expect, it } from "vitest";
import { browserScriptIsUpToDate } from "./lib/browser-script.ts";

it("serves the script that its source makes (else: npm run browser-script)", async () => {
  expect(await browserScriptIsUpToDate()).toBe(true);
});
