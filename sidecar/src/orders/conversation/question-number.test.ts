import { messageOf } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { describe, expect, it } from "vitest";
import {
  anIntentRecord,
  handClock,
  START_MS,
  settled,
} from "../../../../test/support/intent-record.ts";
import { softwareAuthenticator } from "../../../../test/support/software-authenticator.ts";
import { DEFAULT_CAPS } from "../../trust/limits/caps.ts";
import { enrolApprover } from "../../trust/tables/approvers.ts";
import { unlockNumbers } from "../../trust/verify/shown-numbers.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { openOrderStore } from "../journal/order-store.ts";
import { numberFaults, showQuestion, yesNeedsNumber } from "./question-number.ts";

const at = new Date(START_MS).toISOString();
const questionOf = (replyId: string) => ({
  reply_id: replyId,
  messages: [messageOf("o163", "Are you sure of this price?")],
  reason: "",
  asked_at: at,
  lapses_at: at,
});

/** This PC, where orders from this value on need the number; null: none does. */
function rig(from: string | null) {
  const store = openOrderStore(":memory:");
  const caps = { ...DEFAULT_CAPS, paper: { ...DEFAULT_CAPS.paper, tier_two_from_notional: from } };
  const said = { terminal: [] as string[], desktop: [] as string[], push: [] as string[] };
  const numbers = [42, 57, 63, 71];
  const parts = {
    store,
    simulator: true,
    clock: handClock(),
    rules: { caps: () => ({ ok: true as const, caps }) },
    echo: () => numbers.shift() ?? 99,
    reach: {
      terminal: (lines: readonly string[]) => said.terminal.push(lines.join("\n")) > 0,
      desktop: async (title: string, text: string) => said.desktop.push(`${title} ${text}`) > 0,
      push: async (title: string, text: string) => said.push.push(`${title} ${text}`) > 0,
    },
  };
  /** The `n`th order, with its question open. */
  const asked = (n = 0, over: Partial<IntentRecord> = {}) => {
    const question = questionOf(`r${n}`);
    const record = anIntentRecord(n, {
      state: "awaiting_confirmation",
      sent: true,
      question,
      ...over,
    });
    store.insert(record);
    showQuestion(parts, record.coid);
    return (number: number | null) =>
      numberFaults(parts, record, question, number, edgeKey).map(
        ({ code, rule }) => `${code} ${rule}`,
      );
  };
  return { parts, said, asked };
}

const edgeKey = { kind: "terminal-edge" } as const;

const WRONG = ["APPROVAL_ECHO_MISMATCH number_shown_at_pc"];
const NO_MORE = ["APPROVAL_ECHO_MISMATCH few_tries"];

describe("a yes to an order below the value that needs a number", () => {
  it("needs none, and none is shown", () => {
    const { parts, said, asked } = rig("187.26");
    const yes = asked();
    expect(yes(null)).toEqual([]);
    expect(yes(1)).toEqual([]);
    expect(yesNeedsNumber(parts, anIntentRecord())).toBe(false);
    expect(said.terminal).toHaveLength(1);
    expect(said.terminal[0]).toContain("Are you sure of this price?");
    expect(said.terminal[0]).not.toContain("Number");
  });

  it("needs one all the same where the order's own approval showed one", () => {
    const { parts, asked } = rig(null);
    const { preview_id, ticket } = anIntentRecord();
    parts.store.keepPreview(preview_id, {
      ticket,
      generation: 1,
      echo: 17,
      madeAt: START_MS,
      usage: null,
    });
    const yes = asked();
    // The number of the approval is not that of the question.
    expect(yes(17)).toEqual(NO_MORE);
    expect(yes(42)).toEqual(NO_MORE);
  });
});

describe("a yes of an approver", () => {
  it("that came through the gateway's pages needs the number of every order, at a real broker", () => {
    const { parts, asked } = rig(null);
    parts.simulator = false;
    const phone = softwareAuthenticator();
    enrolApprover(parts.store.db, { ...phone, label: "phone", enrolledBy: "terminal" }, 1);
    const yes = asked();
    expect(yes(null)).toEqual(WRONG);
    expect(yes(42)).toEqual([]);
  });

  it("of this PC's own page needs none, of a large order neither", () => {
    const { parts, asked } = rig("0");
    asked();
    const record = anIntentRecord(0);
    for (const kind of ["loopback", "qr", "usb"] as const) {
      expect(numberFaults(parts, record, questionOf("r0"), null, { kind })).toEqual([]);
    }
  });
});

describe("a yes to an order from that value on", () => {
  it("passes with the number that stands at the PC, which never leaves by the network", async () => {
    const { said, asked } = rig("187.25");
    const yes = asked();
    await settled();
    expect(said.terminal[0]).toContain("question's page: 42");
    expect(said.desktop[0]).toContain("Number: 42");
    expect(said.push).toHaveLength(1);
    expect(said.push[0]).not.toMatch(/\b42\b/);
    expect(yes(42)).toEqual([]);
  });

  it("needs one while nobody can read the caps", () => {
    const { parts } = rig(null);
    const rules = { caps: () => ({ ok: false as const, reason: "The caps file is not JSON." }) };
    expect(yesNeedsNumber({ ...parts, rules }, anIntentRecord())).toBe(true);
  });

  it("keeps its first number when the question is shown again", () => {
    const { parts, said, asked } = rig("0");
    const yes = asked();
    showQuestion(parts, anIntentRecord().coid);
    expect(said.terminal[1]).toContain("question's page: 42");
    expect(yes(42)).toEqual([]);
  });

  it("is refused without a number, which costs no try", () => {
    const { said, asked } = rig("0");
    const yes = asked();
    for (let n = 0; n < 7; n += 1) expect(yes(null)).toEqual(WRONG);
    expect(said.terminal).toHaveLength(1);
    expect(yes(42)).toEqual([]);
  });

  it("has one try, and then none with the right number either", () => {
    const { said, asked } = rig("0");
    const yes = asked();
    expect(yes(41)).toEqual(NO_MORE);
    expect(yes(42)).toEqual(NO_MORE);
    // Each of them is told at the PC, with what it was about.
    const told = said.terminal.filter((text) => text.includes("A wrong number came"));
    expect(told).toHaveLength(2);
    expect(told[0]).toContain("Are you sure of this price?");
  });

  it("does not take the number of another question", () => {
    const { asked } = rig("0");
    const [one, other] = [asked(0), asked(1)];
    expect(one(57)).toEqual(NO_MORE);
    expect(other(57)).toEqual([]);
  });

  it("is locked after six wrong numbers of all orders, and says how it is unlocked", () => {
    const { parts, asked } = rig("0");
    for (let n = 10; n < 16; n += 1) asked(n)(11);
    const third = asked(2);
    expect(third(99)).toEqual(NO_MORE);
    const { coid } = anIntentRecord(2);
    const record = parts.store.intent(coid);
    if (record === null) throw new Error("the order is not in the journal");
    const [locked] = numberFaults(parts, record, questionOf("r2"), 99, edgeKey);
    expect(locked?.message).toContain(sidecarCommand("requests unlock"));
    // The numbers of exits among them.
    const exit = asked(3, { effect: "exit" });
    expect(exit(99)).toEqual(NO_MORE);
    unlockNumbers(parts.store.db);
    expect(third(99)).toEqual([]);
    expect(exit(99)).toEqual([]);
  });
});
