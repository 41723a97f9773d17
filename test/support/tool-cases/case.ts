import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import type { ToolHints } from "../../../src/mcp/define-tool.ts";

/** Arguments as a caller has them in hand; a member that is undefined is not sent. */
export type Args = unknown;

/** The whole input that the operation gets; its name where a tool has more than one. */
export type Taken = readonly [args: Args, input: JsonObject, operation?: string];

/** What the refusal must say, and its code; INPUT_INVALID where none is given. */
export type Refused = readonly [args: Args, says?: string, code?: string];

/** One thing that a tool holds to. */
export interface Rule {
  /** Reads on from the tool's name. */
  it: string;
  takes?: readonly Taken[];
  refuses?: readonly Refused[];
  /** What is shown of an operation's answer; null where it must not be shown. */
  shows?: readonly { result: JsonValue; args?: Args; shown: JsonObject | null }[];
}

/** How a long answer continues. */
export interface Pages {
  /** What must be given besides the page, and what the operation gets for it. */
  args: JsonObject;
  input: JsonObject;
  /** What the operation calls the position that a cursor stands for. */
  position: "offset" | "beforeSeq" | "fromIndex";
}

export interface ToolCase {
  scope: Scope | null;
  hints: ToolHints;
  operations: readonly string[];
  rules: readonly Rule[];
  /** Absent where a tool's answer has no pages, or a test of its own walks through them. */
  pages?: Pages;
}

/** The account may be left out. `filled`: what the operation gets besides. */
export const takesAccount = (filled: JsonObject = {}): Rule => ({
  it: "takes an account, or none when there is only one",
  takes: [
    [{ account_id: "DU1234567" }, { account_id: "DU1234567", ...filled }],
    [{}, filled],
  ],
  refuses: [
    [{ account_id: "everything" }, "account_id"],
    [{ account_id: "all" }, "account_id"],
  ],
});

/** One contract must be named. `filled`: what the operation gets besides. */
export const takesConid = (filled: JsonObject = {}): Rule => ({
  it: "takes a conid written as a number or as text",
  takes: [
    [{ conid: 265598 }, { conid: 265598, ...filled }],
    [{ conid: "265598" }, { conid: 265598, ...filled }],
  ],
  refuses: [0, -1, "AAPL", "26559.8", undefined].map((conid) => [{ conid }, "conid"] as const),
});

export const takesNothing: Rule = {
  it: "takes no arguments",
  takes: [
    [{}, {}],
    [undefined, {}],
  ],
  refuses: [[{ account_id: "DU1234567" }, 'no argument "account_id"']],
};
