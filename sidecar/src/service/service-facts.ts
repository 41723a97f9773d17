import { createHash } from "node:crypto";

/** What a service starts, and for whom. Paths are absolute. */
export interface ServiceFacts {
  /** The Node that runs this, its flags, and the sidecar's program. */
  readonly node: string;
  readonly nodeFlags: readonly string[];
  readonly program: string;
  readonly configDir: string;
  /** Where the configuration folder is when nobody names one. */
  readonly defaultConfigDir: string;
  /** Of `run`, for example `--client-portal https://127.0.0.1:5000`. */
  readonly runArgs: readonly string[];
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userId: number;
  readonly userName: string;
}

/** A tool of the system and its arguments. */
export type Tool = readonly [string, ...string[]];

/** One file of the system's own service manager, and what makes the manager see it. */
export interface ServicePlan {
  /** What the service manager calls it. */
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly encoding: "utf8" | "utf16le";
  readonly install: readonly Tool[];
  readonly uninstall: readonly Tool[];
  /** Says how it stands; ends with 0 when it runs. */
  readonly state: Tool;
  /** What its owner should know, one sentence a line. */
  readonly notes: readonly string[];
}

/** `ibkr-sidecar`, or with a folder of its own a name of its own: each PC is one service. */
export function serviceName({ configDir, defaultConfigDir }: ServiceFacts): string {
  if (configDir === defaultConfigDir) return "ibkr-sidecar";
  return `ibkr-sidecar-${createHash("sha256").update(configDir).digest("hex").slice(0, 8)}`;
}

/** The command line of the service, word for word. */
export function serviceCommand(facts: ServiceFacts): string[] {
  const { node, nodeFlags, program, configDir, runArgs } = facts;
  return [node, ...nodeFlags, program, "--config-dir", configDir, "run", ...runArgs];
}

/** Text in an XML element. */
export function xmlText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
