import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  acceptedOfTicket,
  decideQuestion,
  fingerprintOf,
  messageOf,
  neverByDefault,
  plainText,
} from "./broker-question.ts";

const O163 =
  "The following order &quot;BUY 1 SPY LMT 1.00&quot; price exceeds \nthe Percentage constraint of 3%.<br/>Are you sure you want to submit this order?";

const accept = (id: string, text: string) => {
  const { message_id, fingerprint } = messageOf(id, text);
  return { message_id, fingerprint };
};
const ask = (...messages: [string | null, string][]) => ({
  reply_id: "r",
  messages: messages.map(([id, text]) => messageOf(id, text)),
});

describe("identifying a broker question", () => {
  it("reads the text out of markup, and drops what a terminal or a reader could be fooled by", () => {
    expect(plainText("<h4>Note</h4><p>a&nbsp;&amp;&#32;b</p>")).toBe("Note\na & b");
    expect(plainText("ok\u202egnp.exe\u200b\u0007!")).toBe("ok gnp.exe !");
  });

  it("has one fingerprint for one wording, whatever the markup; a number is part of the wording", () => {
    expect(fingerprintOf(`<div>${O163.toUpperCase()}</div>`)).toBe(fingerprintOf(O163));
    expect(fingerprintOf(O163.replace("3%", "300%"))).not.toBe(fingerprintOf(O163));
    expect(fingerprintOf(O163.replace("1 SPY", "250 SPY"))).not.toBe(fingerprintOf(O163));
    expect(fingerprintOf(O163.replace("exceeds", "is below"))).not.toBe(fingerprintOf(O163));
    expect(fingerprintOf(O163.replace("SPY", "QQQ"))).not.toBe(fingerprintOf(O163));
  });

  it("never throws and never grows on any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(messageOf("o1", text).text.length).toBeLessThanOrEqual(4_000);
        expect(plainText(plainText(text)).length).toBeLessThanOrEqual(plainText(text).length);
      }),
    );
  });
});

describe("deciding on a broker question", () => {
  it("confirms what the approval accepted, word for word", () => {
    expect(decideQuestion(ask(["o163", O163]), [accept("o163", O163)])).toEqual({
      decision: "confirm",
    });
  });

  it("asks the owner about 300 % where 3 % was accepted, and about what is too long to be read", () => {
    const worse = O163.replace("3%", "300%");
    expect(decideQuestion(ask(["o163", worse]), [accept("o163", O163)])).toMatchObject({
      decision: "ask_owner",
      reason: "The message is known but its wording has changed.",
    });
    const long = "Read this. ".repeat(400);
    expect(decideQuestion(ask(["o163", long]), [accept("o163", long)]).decision).toBe("ask_owner");
  });

  it("takes of what is accepted only what the ticket shows", () => {
    const shown = [messageOf("o163", O163)];
    const [read, other] = [accept("o163", O163), accept("o990", "100 times your usual size?")];
    expect(acceptedOfTicket([read, other, { ...read, message_id: "o1" }], shown)).toEqual([read]);
  });

  it.each<[string, ReturnType<typeof ask>, ReturnType<typeof accept>[]]>([
    ["nothing was accepted", ask(["o163", O163]), []],
    ["another message was accepted", ask(["o163", O163]), [accept("o354", O163)]],
    ["the wording changed", ask(["o163", `${O163} And your first-born.`]), [accept("o163", O163)]],
    ["one of two was accepted", ask(["o163", O163], ["o451", "value"]), [accept("o163", O163)]],
    ["the message has no id", ask([null, O163]), [accept("o163", O163)]],
    ["there is no message", ask(), [accept("o163", O163)]],
  ])("asks the owner when %s", (_name, question, accepted) => {
    expect(decideQuestion(question, accepted).decision).toBe("ask_owner");
  });

  it("never confirms beforehand what would change the order, oversell, or cancel others", () => {
    const cancelling = "Would you like to cancel all open orders and then place new closing order?";
    for (const [id, text] of [
      ["o10153", "A mandatory cap price will be added."],
      ["O10153", "A mandatory cap price will be added."],
      ["p12", "Use the Price Management Algo?"],
      ["o2137", "You are about to close more than your position."],
      ["o9999", cancelling],
    ] as const) {
      expect(neverByDefault(messageOf(id, text))).not.toBeNull();
      expect(decideQuestion(ask([id, text]), [accept(id, text)]).decision).toBe("ask_owner");
    }
  });
});
