import { existsSync } from "node:fs";
import {
  type BrowserContext,
  type BrowserContextOptions,
  type Browser as Chromium,
  chromium,
  type Page,
} from "playwright-core";
import { parseFastTime } from "../chaos/orders/fast-time.ts";

const PLACES = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** A browser on this machine, or null. */
export const CHROMIUM = PLACES.find((path) => path !== undefined && existsSync(path)) ?? null;

export const NO_CHROMIUM =
  "No Chromium was found, so the pages were not tried in a browser. Get one: apt-get install -y chromium (or set CHROMIUM to its path)";

/** Its pages have the clock of the test, which is not the machine's in a run of another instant. */
export async function launchChromium(): Promise<Chromium> {
  if (CHROMIUM === null) throw new Error(NO_CHROMIUM);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const time = parseFastTime(process.env.TEST_CLOCK);
  if (time === null) return browser;
  const newContext = browser.newContext.bind(browser);
  return Object.assign(browser, {
    async newContext(options?: BrowserContextOptions) {
      const context = await newContext(options);
      await context.addInitScript(shiftDate, time.start - time.wallStart);
      return context;
    },
  });
}

/** Runs in the page before anything of it: `Date` in every form is `aheadMs` ahead of the machine's. */
function shiftDate(aheadMs: number): void {
  const Wall = Date;
  const now = (): number => Wall.now() + aheadMs;
  globalThis.Date = new Proxy(Wall, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
    apply: () => new Wall(now()).toString(),
    get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
  });
}

/** A page with an authenticator that holds discoverable passkeys and verifies its user. */
export async function pageWithPasskeys(context: BrowserContext): Promise<{
  page: Page;
  /** Whether the user is verified from now on. */
  verifies(verified: boolean): Promise<void>;
}> {
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    page,
    async verifies(isUserVerified) {
      await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
    },
  };
}
