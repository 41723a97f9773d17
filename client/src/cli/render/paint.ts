import { styleText } from "node:util";
import { type Paint, PLAIN } from "./answer.ts";

/** Colour where a person reads on a terminal and did not ask for none (NO_COLOR). */
export function paintFor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Paint {
  if (!stream.isTTY || env.NO_COLOR || env.TERM === "dumb") return PLAIN;
  const paint = (style: "bold" | "dim" | "yellow") => (text: string) =>
    styleText(style, text, { validateStream: false });
  return { bold: paint("bold"), dim: paint("dim"), warn: paint("yellow") };
}
