import { type BrowserContext, errors, type Page } from "playwright-core";
import { pageWithPasskeys } from "./chromium.ts";

/** What somebody did at the browser, in the order it was done. */
export interface BrowserStep {
  did: "clicks" | "types" | "reads";
  /** The button, the field, or the page's heading. */
  what: string;
  /** All words on the page, its navigation among them; 0 where nothing new was to be read. */
  words: number;
}

/** The owner at a real browser with an authenticator, who is counted: clicks, fields, words. */
export interface Newcomer {
  page: Page;
  steps: BrowserStep[];
  /** An address that a terminal shows is clicked. */
  follows(url: string): Promise<void>;
  /** A program opened the browser here; that is no click. */
  isSentTo(url: string): Promise<void>;
  /** Presses a button, a link or a choice; `lands` waits for what follows, which is then read. */
  clicks(role: "button" | "link" | "radio" | "checkbox", name: string | RegExp): Promise<void>;
  /** Waits for these words on the page that the last click led to, and reads it. */
  lands(words: string | RegExp): Promise<void>;
  types(label: string, text: string): Promise<void>;
  shoot(path: string): Promise<void>;
}

/** `now` is what the browser's own clock shows, Unix milliseconds. */
export async function startNewcomer(context: BrowserContext, now: number): Promise<Newcomer> {
  await context.clock.install({ time: now });
  const { page } = await pageWithPasskeys(context);
  const steps: BrowserStep[] = [];
  const visible = async () => String(await page.evaluate(VISIBLE_TEXT));
  const read = async () => {
    const heading = await page.getByRole("heading", { level: 1 }).first().textContent();
    const text = await visible();
    steps.push({ did: "reads", what: (heading ?? "").trim(), words: wordsIn(text) });
  };
  const goTo = async (url: string) => {
    await page.goto(url);
    await read();
  };
  return {
    page,
    steps,
    async follows(url) {
      steps.push({ did: "clicks", what: "the address in the terminal", words: 0 });
      await goTo(url);
    },
    isSentTo: goTo,
    async clicks(role, name) {
      const target = page.getByRole(role, { name, exact: typeof name === "string" }).first();
      const label = await target.evaluate((node) => {
        const words = node.closest("label")?.querySelector("strong, span");
        return (words ?? node).textContent ?? "";
      });
      steps.push({ did: "clicks", what: short(typeof name === "string" ? name : label), words: 0 });
      await target.click();
    },
    async lands(words) {
      try {
        await page.getByText(words).first().waitFor({ timeout: 30_000 });
      } catch (error) {
        if (!(error instanceof errors.TimeoutError)) throw error;
        throw new Error(`no ${words} on ${page.url()}: ${await visible()}`);
      }
      await read();
    },
    async types(label, text) {
      steps.push({ did: "types", what: label, words: 0 });
      await page.getByLabel(label).fill(text);
    },
    async shoot(path) {
      for (const [name, width, height] of [
        ["390", 390, 844],
        ["1280", 1280, 900],
      ] as const) {
        await page.setViewportSize({ width, height });
        await page.screenshot({ path: `${path}-${name}.png`, fullPage: true });
      }
    },
  };
}

/** All text that is shown, without what is there for screen readers alone. */
const VISIBLE_TEXT = `(() => {
  const hidden = [...document.querySelectorAll(".skip, .visually-hidden")];
  for (const one of hidden) one.style.display = "none";
  const text = document.body.innerText;
  for (const one of hidden) one.style.display = "";
  return text;
})()`;

/** What whitespace parts and holds a letter or a digit. */
export function wordsIn(text: string): number {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

const short = (text: string): string => text.replaceAll(/\s+/g, " ").trim().slice(0, 60);
