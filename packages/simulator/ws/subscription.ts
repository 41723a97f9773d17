import { type Fields, isFields } from "../json.ts";

/** One text frame from a client: `smd+265598+{"fields":["31"]}`. */
export interface Subscription {
  /** `s` or `u`, and two letters. */
  topic: string;
  /** The first part after the topic. */
  target: string;
  parts: string[];
  args: Fields;
}

/** Reads a frame; undefined when its arguments are no JSON object. */
export function parseSubscription(frame: string): Subscription | undefined {
  const brace = frame.indexOf("{");
  const head = brace < 0 ? frame : frame.slice(0, brace);
  const [topic = "", ...parts] = head.split("+").filter((part) => part !== "");
  let args: unknown = {};
  if (brace >= 0) {
    try {
      args = JSON.parse(frame.slice(brace));
    } catch {
      return undefined;
    }
  }
  return isFields(args) ? { topic, target: parts[0] ?? "", parts, args } : undefined;
}
