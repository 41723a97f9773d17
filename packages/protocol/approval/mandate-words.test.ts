import { describe, expect, it } from "vitest";
import { expectWordsOfEveryField, type Silent } from "../../../test/support/every-place.ts";
import { aMandate } from "../../../test/support/orders.ts";
import { fieldsOf } from "../../../test/support/signed-leaves.ts";
import { OpenQuestion } from "../operation-schemas/order-parts.ts";
import { messageOf } from "../orders/broker-question.ts";
import { lineText, questionLines } from "../orders/signed-words.ts";
import { MandateV1, MandateV2 } from "./mandate.ts";
import { mandateInWords } from "./mandate-words.ts";
import { QuestionStatement } from "./statement.ts";

const words = (mandate: MandateV1 | MandateV2, nameOf?: (id: string) => string): string =>
  mandateInWords(mandate, nameOf).map(lineText).join("\n");

const SILENT: Record<string, Silent<unknown>> = {
  mandate_id: { why: "its own name; the PC and the page say it beside the lines" },
  gateway_account_id: { why: "whose gateway it is; the PC takes no other's" },
  nonce: { why: "so that one signature is of use once" },
};

describe("the words of a mandate", () => {
  it.each([
    ["first", MandateV1],
    ["second", MandateV2],
  ] as const)("of the %s version change with every bound that is signed", (_name, schema) => {
    expectWordsOfEveryField(schema, words, SILENT);
  });

  it("tell two agents apart that gave themselves one name", () => {
    const [one, other] = ["client-1", "client-2"].map((id) =>
      words(aMandate({ clients: [id] }), () => "Claude"),
    );
    expect(one).toContain("Agents: Claude (client-1)");
    expect(other).not.toBe(one);
  });

  it("tell two wordings of one warning apart", () => {
    const [three, more] = ["Beyond 3 %?", "Beyond 300 %?"].map((text) => {
      const { message_id, fingerprint } = messageOf("o163", text);
      return words(aMandate({ accepted_warnings: [{ message_id, fingerprint }] }));
    });
    expect(three).toContain("accepted beforehand: o163 in the wording ");
    expect(more).not.toBe(three);
  });
});

describe("the words of an answer to the broker's question", () => {
  const said = ({ messages }: OpenQuestion): string =>
    questionLines(messages).map(lineText).join("\n");

  it("change with everything that is asked", () => {
    expectWordsOfEveryField(OpenQuestion, said, {
      reply_id: { why: "the broker's number of the question" },
      reason: { why: "why this PC did not answer by itself; the page shows it beside" },
      asked_at: { why: "when it was asked" },
      lapses_at: { why: "when it is declined; the page shows it beside" },
      "messages[].fingerprint": { why: "made from the text, which is in the words" },
    });
  });

  it("are of what is signed: each field of the statement is in them, or is no term of the order", () => {
    expect(fieldsOf(QuestionStatement).toSorted()).toEqual([
      // The page has a button of its own for each.
      "confirm",
      // Of the texts above.
      "fingerprints",
      // Of the ticket whose lines stand above the question.
      "intent_hash",
      "nonce",
      "not_after",
      "reply_id",
    ]);
    const [three, more] = [messageOf("o1", "Beyond 3 %?"), messageOf("o1", "Beyond 300 %?")];
    expect(more.fingerprint).not.toBe(three.fingerprint);
  });

  it("say what a yes does beside letting the order pass", () => {
    const [line] = questionLines([messageOf("o10153", "A cap price will be added.")]).map(lineText);
    expect(line).toBe(
      "The broker asks: A cap price will be added. (o10153) What a yes does: The broker adds a price cap to the order.",
    );
  });
});
