import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { atTerminal } from "./terminal.ts";

/** One call of a client's command line, as it would be typed. */
export interface TypedCall {
  /** The line as a reader would type it. */
  line: string;
  code: number | null;
  out: string;
  err: string;
}

/** A client that other people wrote, in its default settings; nobody tells it any scope. */
export interface StockClient {
  name: string;
  /** Lines that make the gateway known to it; none where it takes the address with each call. */
  adds(mcp: string): Promise<TypedCall[]>;
  /** Opens the browser where it needs access; ends when it has it. */
  signsIn(mcp: string): Promise<TypedCall>;
  /** The structured contents of the answer. */
  calls(
    mcp: string,
    tool: string,
    args: Record<string, unknown>,
  ): Promise<TypedCall & { answer: unknown }>;
}

const PATIENCE_MS = 90_000;

export function mcporter(home: string, env: NodeJS.ProcessEnv): StockClient {
  const run = (args: string[]) =>
    typed(`npx mcporter ${args.map(quoted).join(" ")}`, "mcporter/dist/cli.js", args, home, env);
  return {
    name: "mcporter",
    adds: async (mcp) => [await run(["config", "add", "ibkr", mcp])],
    signsIn: () => run(["auth", "ibkr"]),
    async calls(_mcp, tool, args) {
      const given = Object.keys(args).length === 0 ? [] : ["--args", JSON.stringify(args)];
      const call = await run(["call", `ibkr.${tool}`, ...given, "--output", "json"]);
      return { ...call, answer: jsonOrNull(call.out) };
    },
  };
}

const INSPECTOR = "@modelcontextprotocol/inspector/clients/launcher/build/index.js";

/** It opens a browser only where a terminal says that somebody sits there. */
export function inspector(home: string, env: NodeJS.ProcessEnv): StockClient {
  let serial = 0;
  const run = async (args: string[], kept = true): Promise<TypedCall> => {
    serial += 1;
    const [script, out] = [join(home, `line-${serial}.sh`), join(home, `line-${serial}.json`)];
    const command = [process.execPath, fromRoot(`node_modules/${INSPECTOR}`), ...args];
    await writeFile(
      script,
      `exec ${command.map(quoted).join(" ")}${kept ? ` >${quoted(out)}` : ""}\n`,
    );
    const terminal = atTerminal(["sh", script], {
      ...env,
      HOME: home,
      // A desktop has a keychain; without one it would keep its access in memory, for one line.
      MCP_INSPECTOR_SECRET_STORE: "file",
    });
    const late = setTimeout(() => void terminal.kill(), PATIENCE_MS);
    const code = await terminal.ended;
    clearTimeout(late);
    return {
      line: `npx @modelcontextprotocol/inspector ${args.map(quoted).join(" ")}`,
      code,
      out: await readFile(out, "utf8").catch(() => ""),
      err: terminal.said(),
    };
  };
  const calling = (mcp: string, tool: string, args: Record<string, unknown>) => [
    ...["--cli", mcp, "--method", "tools/call", "--tool-name", tool],
    ...(Object.keys(args).length === 0 ? [] : ["--tool-args-json", JSON.stringify(args)]),
  ];
  return {
    name: "MCP Inspector",
    adds: async () => [],
    signsIn: (mcp) => run(["--cli", mcp, "--method", "tools/list"], false),
    async calls(mcp, tool, args) {
      const call = await run([...calling(mcp, tool, args), "--format", "json"]);
      const said = jsonOrNull(call.out);
      return { ...call, answer: at(at(said, "result"), "structuredContent") ?? said };
    },
  };
}

function typed(line: string, file: string, args: string[], home: string, env: NodeJS.ProcessEnv) {
  return new Promise<TypedCall>((resolve) => {
    const child = spawn(process.execPath, [fromRoot(`node_modules/${file}`), ...args], {
      cwd: home,
      env: { ...env, HOME: home },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, err]: [string[], string[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk.toString()));
    const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    child.on("close", (code) => {
      clearTimeout(late);
      resolve({ line, code, out: out.join(""), err: err.join("") });
    });
  });
}

const quoted = (word: string): string =>
  /^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A member of something that may hold it. */
export function at(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
