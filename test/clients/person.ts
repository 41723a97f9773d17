import type { Browser } from "../../scripts/lib/browser.ts";
import { approve } from "../support/consent.ts";
import { startDoorbell } from "./doorbell.ts";

/**
 * The owner at a browser, for programs that open one. Every name under which a program may look for
 * the browser is a script that rings here; the signed-in owner then reads the consent page,
 * approves, and follows the redirect back to the program.
 */
export interface Person {
  /** Put first on PATH, with BROWSER set to `browser`. */
  directory: string;
  browser: string;
  /** What is chosen on the next consent page: to read, as the page opens, unless a test says otherwise. */
  choice: string;
  /** Addresses that a program had opened, in order. */
  opened: URL[];
  /** What went wrong at the browser; a program only sees that nobody comes back. */
  failures: string[];
  close(): Promise<void>;
}

export async function startPerson(owner: Browser, directory: string): Promise<Person> {
  const opened: URL[] = [];
  const failures: string[] = [];
  const doorbell = await startDoorbell(directory, async (asked) => {
    try {
      await open(owner, opened, asked, person.choice);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
      throw error;
    }
  });
  const { browser, close } = doorbell;
  const person: Person = { choice: "read", directory, browser, opened, failures, close };
  return person;
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

async function open(owner: Browser, opened: URL[], asked: string, choice: string): Promise<void> {
  const address = new URL(asked);
  opened.push(address);
  if (address.origin !== owner.origin) throw new Error(`${address.origin} is not the gateway`);
  const redirect = await approve(owner, address, choice);
  if (!LOOPBACK.has(redirect.hostname)) throw new Error(`sent away to ${redirect.origin}`);
  const page = await arrive(redirect);
  if (page.status >= 400) throw new Error(`the program's own page answered ${page.status}`);
}

/**
 * A program may open the browser before it listens for the way back; no person approves so fast that
 * it would matter, and this one waits as long as a person would take.
 */
async function arrive(redirect: URL): Promise<Response> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    try {
      return await fetch(redirect, { redirect: "manual" });
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
