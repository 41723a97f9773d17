import type { Readable, Writable } from "node:stream";
import type { StdioServer } from "./add-server.ts";
import { type StopTimes, startAgent } from "./agent-process.ts";
import { pump, type SessionSetup } from "./pump.ts";
import { forgetOldLinks, sessionLinks } from "./session-links.ts";

export interface AcpRun {
  /** The agent's command and its arguments. */
  command: string;
  args: readonly string[];
  client: { input: Readable; output: Writable };
  /** Where sessions are noted. */
  linkFolder: string;
  /** The server for a session; the token in it says which. */
  serverWith(token: string): StdioServer;
  /** One line for whoever reads the log. */
  say(text: string): void;
  /** Ends the run as the client's end does. */
  signal: AbortSignal;
  times?: StopTimes;
}

/** An agent that starts its servers late is not accused at once. */
const SERVER_WAIT_MS = 30_000;
/** A client that reads no more must not keep this process. */
const LAST_ANSWERS_MS = 2_000;

/** Runs the agent for one client, with our server in every session. The agent's exit status. */
export async function runAcp(run: AcpRun): Promise<number> {
  const links = sessionLinks(run.linkFolder);
  const agent = await startAgent(run.command, run.args, run.times);
  const stop = () => agent.stop();
  run.signal.addEventListener("abort", stop, { once: true });
  if (run.signal.aborted) stop();
  try {
    forgetOldLinks(run.linkFolder, Date.now());
  } catch {
    // There is no such folder before the first session.
  }
  const done = pump(
    { client: run.client, agent },
    {
      serverFor({ sessionId }: SessionSetup) {
        const token = sessionId === null ? links.newToken() : links.tokenOf(sessionId);
        return { server: run.serverWith(token), token };
      },
      onSession(token, sessionId) {
        links.link(token, sessionId);
        setTimeout(() => {
          if (links.wasSeen(token)) return;
          run.say("The agent has not started the IBKR server of its session; some agents drop it.");
        }, SERVER_WAIT_MS).unref();
      },
      say: run.say,
      onClientGone: stop,
    },
  );
  // An agent that closed its output answers no more.
  void done.then(stop);
  const code = await agent.ended;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LAST_ANSWERS_MS);
  });
  await Promise.race([done, late]);
  clearTimeout(timer);
  run.signal.removeEventListener("abort", stop);
  return code;
}
