import { type ParseArgsConfig, parseArgs } from "node:util";
import { Sorry } from "./say.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** A command's options by name; what it does not know becomes one line for the person who typed it. */
export function readArgs<const O extends Options>(args: string[], options: O) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Sorry(`${error instanceof Error ? error.message : String(error)} (see --help)`);
  }
}
