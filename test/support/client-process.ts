import { spawn } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { approve } from "./consent.ts";
import type { Browser } from "./oauth-client.ts";

export interface ClientRun {
  code: number | null;
  out: string;
  err: string;
  /** How often it asked for a person at a browser. */
  asked: number;
}

/**
 * Somebody else's MCP client as a program, in a home folder of its own. When it names an address
 * for a person to open, the owner opens it, approves, and is sent back to the program's callback.
 */
export class ClientProcess {
  readonly #home: string;
  readonly #owner: Browser;

  private constructor(home: string, owner: Browser) {
    this.#home = home;
    this.#owner = owner;
  }

  static async create(owner: Browser): Promise<ClientProcess> {
    const home = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-client-"));
    // Nothing on this machine is to open a browser of its own.
    for (const name of ["xdg-open", "open", "sensible-browser"]) {
      await symlink("/usr/bin/true", join(home, name));
    }
    return new ClientProcess(home, owner);
  }

  run(
    bin: string,
    args: string[],
    more: {
      env?: Record<string, string>;
      input?: string;
      /** Enough was said; the program may be ended. */
      until?: (out: string) => boolean;
    } = {},
  ): Promise<ClientRun> {
    return new Promise((resolve) => {
      const child = spawn(fromRoot(`node_modules/.bin/${bin}`), args, {
        cwd: this.#home,
        env: {
          ...process.env,
          HOME: this.#home,
          XDG_CONFIG_HOME: this.#home,
          BROWSER: "/usr/bin/true",
          NO_COLOR: "1",
          PATH: `${this.#home}${delimiter}${fromRoot("node_modules/.bin")}${delimiter}${process.env.PATH}`,
          ...more.env,
        },
        stdio: ["pipe", "pipe", "pipe"],
      });
      const run: ClientRun = { code: null, out: "", err: "", asked: 0 };
      const deadline = setTimeout(() => child.kill(), 40_000);
      const look = () => {
        const address = new RegExp(`${this.#owner.origin}/authorize\\?\\S+`).exec(
          run.err + run.out,
        );
        if (address !== null && run.asked === 0) {
          run.asked = 1;
          void approve(this.#owner, new URL(address[0])).then((callback) => fetch(callback));
        }
        if (more.until?.(run.out) === true) child.kill();
      };
      child.stdout.on("data", (chunk: Buffer) => {
        run.out += chunk.toString();
        look();
      });
      child.stderr.on("data", (chunk: Buffer) => {
        run.err += chunk.toString();
        look();
      });
      child.on("close", (code) => {
        clearTimeout(deadline);
        resolve({ ...run, code });
      });
      if (more.input !== undefined) child.stdin.write(more.input);
      else child.stdin.end();
    });
  }

  remove(): Promise<void> {
    return rm(this.#home, { recursive: true, force: true });
  }
}
