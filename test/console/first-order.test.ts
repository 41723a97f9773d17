import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser as Chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { CHROMIUM, launchChromium, NO_CHROMIUM } from "../support/chromium.ts";
import { type FirstOrder, walkToFirstOrder } from "../support/first-order.ts";
import { type Bounds, recordedPage } from "../support/first-order-page.ts";
import { inspector, mcporter } from "../support/stock-clients.ts";

// fixed dates: every part is given the clock that the walk says.
/**
 * From nothing to the first approved order, as a newcomer meets it: a fresh data folder on a Sunday
 * evening, `npm start`, a client in its default settings, a real browser. Nothing else is prepared.
 */
const BOUNDS: Bounds = {
  clicks: 12,
  fields: 1,
  seconds: 300,
  // Silent reading of English prose, as measured over many studies (Brysbaert 2019).
  wordsAMinute: 238,
};

if (CHROMIUM === null) console.log(NO_CHROMIUM);

describe.runIf(CHROMIUM !== null && process.platform === "linux")("the first order", () => {
  let folder: string;
  let chromium: Chromium;
  const walks: FirstOrder[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ibkr-first-order-"));
    await mkdir(fromRoot("artifacts/console"), { recursive: true });
    chromium = await launchChromium();
  });
  afterAll(async () => {
    await chromium?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  it.each([
    ["mcporter", mcporter],
    ["inspector", inspector],
  ] as const)(
    "is filled from nothing on a Sunday evening, with %s as it comes",
    async (name, client) => {
      const walk = await walkToFirstOrder({ directory: join(folder, name), chromium, client });
      walks.push(walk);
      const { clicks, fields, words, machineSeconds } = walk;
      expect(clicks).toBeLessThanOrEqual(BOUNDS.clicks);
      expect(fields).toBeLessThanOrEqual(BOUNDS.fields);
      const seconds = (words / BOUNDS.wordsAMinute) * 60 + machineSeconds;
      expect(seconds).toBeLessThanOrEqual(BOUNDS.seconds);
    },
    180_000,
  );

  it("is told in docs/first-order.md as it was walked", async () => {
    expect(walks).toHaveLength(2);
    const { stands, written } = await recordedPage(walks, BOUNDS);
    expect(stands).toBe(written);
  });
});
