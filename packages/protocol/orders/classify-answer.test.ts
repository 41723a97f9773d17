import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BrokerExchange,
  type Classified,
  classifyAnswer,
  type OrderRequestKind,
} from "./classify-answer.ts";

const json = (body: unknown, status = 200): BrokerExchange => ({
  kind: "answer",
  status,
  body: JSON.stringify(body),
});
const raw = (body: string, status = 200): BrokerExchange => ({ kind: "answer", status, body });
const lost = (sent: boolean): BrokerExchange => ({ kind: "no_answer", sent, cause: "reset" });

const short = (classified: Classified): string => {
  switch (classified.outcome) {
    case "transmitted":
      return `transmitted ${classified.complete ? "all" : "some"}`;
    case "question":
      return `question ${classified.question.messages.map((m) => m.message_id).join("+")}`;
    default:
      return `${classified.outcome} ${classified.reason}`;
  }
};

const question = (messageIds: unknown, message: unknown = ["Are you sure?"]) => ({
  id: "07a13a5a-4a48-44a5-bb25-5ab37b79186c",
  message,
  isSuppressed: false,
  messageIds,
});

const row = (over: object = {}) => ({
  order_id: "987654",
  order_status: "Submitted",
  encrypt_message: "1",
  ...over,
});

type Case = [string, OrderRequestKind, BrokerExchange, string];
const CASES: Case[] = [
  // Accepted: as recorded for a modify, and as documented for place.
  [
    "recorded modify answer",
    "modify",
    json([{ order_id: "555666777", order_status: "PreSubmitted", encrypt_message: "1" }]),
    "transmitted all",
  ],
  [
    "accepted, with our id echoed",
    "place",
    json([row({ local_order_id: "ieg1-x" })]),
    "transmitted all",
  ],
  ["accepted, as an object", "place", json(row()), "transmitted all"],
  ["accepted, the id a number", "place", json([row({ order_id: 987654 })]), "transmitted all"],
  ["accepted with a warning", "place", json([row({ warning_message: "note" })]), "transmitted all"],
  ["accepted after a reply", "reply", json([row()]), "transmitted all"],
  [
    "an id that is Inactive",
    "place",
    json([row({ order_status: "Inactive" })]),
    "transmitted some",
  ],
  // Questions.
  ["question", "place", json([question(["o163"])]), "question o163"],
  ["question as an object", "place", json(question(["o354"])), "question o354"],
  ["second question of a chain", "reply", json([question(["o10153"])]), "question o10153"],
  [
    "two messages in one question",
    "place",
    json([question(["o163", "o451"], ["a", "b"])]),
    "question o163+o451",
  ],
  ["a question without ids", "place", json([question(undefined)]), "question "],
  [
    "ids that do not pair with texts",
    "place",
    json([question(["o163"], ["a", "b"])]),
    "question +",
  ],
  [
    "a question whose text is a string",
    "place",
    json([question(["o383"], "size limit")]),
    "question o383",
  ],
  [
    "a question beside an order row",
    "place",
    json([question(["o163"]), row()]),
    "ambiguous unknown_shape",
  ],
  // Refused in a 200.
  ["error in a 200", "place", json({ error: "No trading permissions." }), "refused rejected"],
  [
    "tick error",
    "place",
    json({ error: "The price does not conform to the minimum price variation of 0.01" }),
    "refused rejected",
  ],
  ["price fields", "place", json({ error: "Invalid order price fields" }), "refused rejected"],
  [
    "an order number in the text is not a status",
    "place",
    json({ error: "Order 504123 rejected" }),
    "ambiguous unknown_text",
  ],
  [
    "post_payload rejections",
    "place",
    json({ cqe: { post_payload: { rejections: ["too large"] } } }),
    "refused rejected",
  ],
  [
    "failed row",
    "place",
    json([{ order_id: "-1", order_status: "Failed", text: "no" }]),
    "refused rejected",
  ],
  ["order not confirmed", "reply", json({ error: "Order not confirmed" }), "refused declined"],
  [
    "rows of errors that nobody has seen",
    "place",
    json([{ error: "odd" }, { error: "No trading permissions." }]),
    "ambiguous unknown_text",
  ],
  [
    "rows of recorded errors",
    "place",
    json([{ error: "No trading permissions." }, { error: "No trading permissions." }]),
    "refused rejected",
  ],
  [
    "order not confirmed with 400",
    "reply",
    json({ error: "Order not confirmed" }, 400),
    "refused declined",
  ],
  // Refused by status.
  [
    "bad side",
    "place",
    json({ error: "Invalid Side (must be 'BUY' or 'SELL')", statusCode: 400 }, 400),
    "refused bad_request",
  ],
  [
    "no bridge",
    "place",
    json({ error: "Bad Request: no bridge", statusCode: 400 }, 400),
    "refused session_not_ready",
  ],
  [
    "accounts first",
    "place",
    json({ error: "Bad Request: Please query /accounts first", statusCode: 400 }, 400),
    "refused session_not_ready",
  ],
  [
    "problem+json 400",
    "place",
    json({ type: "/simple", title: "Bad request", status: 400, detail: "side" }, 400),
    "ambiguous unknown_text",
  ],
  [
    "a cancel rate limited at the door",
    "cancel",
    raw("Too many requests", 429),
    "refused rate_limited",
  ],
  // Ambiguous.
  [
    "duplicate cOID in a 200",
    "place",
    json({ error: "Order couldn't be submitted: Local order ID=x is already registered." }),
    "ambiguous already_registered",
  ],
  [
    "duplicate cOID in a 400",
    "place",
    json({ error: "Local order ID=x is already registered." }, 400),
    "ambiguous already_registered",
  ],
  [
    "503 that may have landed",
    "place",
    json({ error: "Service Unavailable", statusCode: 503 }, 503),
    "ambiguous server_error",
  ],
  [
    "500 even with an innocent text",
    "place",
    json({ error: "Bad Request: Please query /accounts first" }, 500),
    "ambiguous server_error",
  ],
  [
    "502 HTML",
    "place",
    raw("<html><body>Bad Gateway</body></html>", 502),
    "ambiguous server_error",
  ],
  ["504", "reply", raw("", 504), "ambiguous server_error"],
  ["401 after send", "place", raw("", 401), "ambiguous unauthorised_after_send"],
  [
    "401 with a body",
    "place",
    json({ error: "not authenticated", statusCode: 401 }, 401),
    "ambiguous unauthorised_after_send",
  ],
  ["408", "place", raw("", 408), "ambiguous no_answer"],
  ["429 on an order", "place", raw("Too many requests", 429), "ambiguous rate_limited_after_send"],
  ["429 on a change", "modify", json({ error: "rate" }, 429), "ambiguous rate_limited_after_send"],
  [
    "429 while a question is open",
    "reply",
    raw("Too many requests", 429),
    "ambiguous rate_limited_after_send",
  ],
  ["empty 200", "place", raw(""), "ambiguous empty"],
  ["null", "place", raw("null"), "ambiguous empty"],
  ["empty list", "place", json([]), "ambiguous empty"],
  ["empty object", "place", json({}), "ambiguous empty"],
  ["list of nothing", "place", json([{}]), "ambiguous empty"],
  [
    "accepted words without an id",
    "place",
    json([{ order_status: "Submitted" }]),
    "ambiguous no_order_id",
  ],
  ["truncated JSON", "place", raw('[{"order_id":"987'), "ambiguous not_json"],
  ["HTML with 200", "place", raw("<html>login</html>"), "ambiguous not_json"],
  ["HTML with 403", "place", raw("<html>Access Denied</html>", 403), "ambiguous not_json"],
  ["a redirect", "place", raw('{"a":1}', 302), "ambiguous unknown_shape"],
  ["400 without words", "place", json({ a: 1 }, 400), "ambiguous unknown_shape"],
  [
    "reply id gone",
    "reply",
    json({ error: "reply id not found: 'x'" }, 400),
    "ambiguous reply_not_found",
  ],
  [
    "session lost at the reply",
    "reply",
    json({ error: "Bad Request: no bridge" }, 400),
    "ambiguous unauthorised_after_send",
  ],
  [
    "a fault of theirs in a 200",
    "place",
    json({ error: "java.lang.NullPointerException" }),
    "ambiguous unknown_text",
  ],
  [
    "their timeout in a 200",
    "place",
    json({ error: "Request timed out" }),
    "ambiguous unknown_text",
  ],
  ["just unknown", "place", json({ error: "unknown" }), "ambiguous unknown_text"],
  [
    "advanced reject",
    "place",
    json({ orderId: 1, reqId: "42", dismissable: [], text: "odd", options: ["a"], prompt: true }),
    "ambiguous advanced_reject",
  ],
  ["a list of text", "place", json(["ok"]), "ambiguous empty"],
  // Texts that nobody has seen prove nothing, however much they sound like a no.
  ...[
    ["place", 200, "No response from the order server; the status of your order is not known"],
    ["place", 400, "Order processing delayed"],
    ["place", 200, "Session lost while the order was being processed"],
    ["place", 200, "Order rejected"],
    ["place", 200, "The order was refused, no bridge"],
    ["place", 200, "Order not confirmed"],
    ["place", 200, "OrderID 5 doesn't exist"],
    ["reply", 404, "Not Found"],
    ["reply", 400, "System busy, please check your orders"],
    ["modify", 200, "Something went wrong"],
    ["cancel", 400, "No trading permissions."],
  ].map(
    ([request, status, error]): Case => [
      `${request} ${status}: ${error}`,
      request as OrderRequestKind,
      json({ error }, Number(status)),
      "ambiguous unknown_text",
    ],
  ),
  // No answer at all.
  ["a reset after sending", "place", lost(true), "ambiguous no_answer"],
  ["nothing left the machine", "place", lost(false), "refused not_sent"],
  // Brackets: rows in any order, and not atomic.
  [
    "child first",
    "place",
    json([
      row({ order_id: "2", parent_order_id: "1" }),
      row({ order_id: "1", local_order_id: "p" }),
    ]),
    "transmitted all",
  ],
  [
    "parent Inactive, children failed",
    "place",
    json([
      row({ order_id: "1", order_status: "Inactive" }),
      { order_id: "-1", order_status: "Failed" },
      { order_id: "-1", order_status: "Failed" },
    ]),
    "transmitted some",
  ],
  [
    "parent live without one child",
    "place",
    json([
      row({ order_id: "1" }),
      row({ order_id: "2" }),
      { order_id: "-1", order_status: "Failed" },
    ]),
    "transmitted some",
  ],
  [
    "one row without an id that claims success",
    "place",
    json([row({ order_id: "1" }), { order_status: "Submitted" }]),
    "ambiguous no_order_id",
  ],
  // Cancels.
  [
    "recorded cancel acknowledgement",
    "cancel",
    json({ msg: "Request was submitted", order_id: 602801486, conid: -1, account: null }),
    "transmitted all",
  ],
  [
    "cancel of nothing",
    "cancel",
    json({ error: "OrderID 5 doesn't exist" }),
    "refused order_unknown",
  ],
  [
    "cancel of nothing with 400",
    "cancel",
    json({ error: "OrderID 5 doesn't exist" }, 400),
    "refused order_unknown",
  ],
  [
    "cancel of an inactive order",
    "cancel",
    json({ error: "Order is inactive" }, 400),
    "refused order_not_active",
  ],
  [
    "cancel answered with other words",
    "cancel",
    json({ msg: "Hm", order_id: 5 }),
    "ambiguous unknown_shape",
  ],
  [
    "cancel answered without an id",
    "cancel",
    json({ msg: "Request was submitted" }),
    "ambiguous unknown_shape",
  ],
];

describe("what a broker's answer proves", () => {
  it.each(CASES)("%s", (_name, request, exchange, expected) => {
    expect(short(classifyAnswer(request, exchange))).toBe(expected);
  });

  it("names the rows of a bracket that were not taken", () => {
    const classified = classifyAnswer(
      "place",
      json([
        row({ order_id: "1" }),
        { order_id: "-1", order_status: "Failed", text: "<b>no stop</b>" },
      ]),
    );
    expect(classified).toMatchObject({
      complete: false,
      rows: [
        { order_id: "1", taken: true },
        { order_id: null, taken: false, text: "no stop" },
      ],
    });
  });

  it("no status of 500 or more, and nothing that is not JSON, is ever read as an outcome", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 500, max: 599 }),
        fc.json(),
        fc.constantFrom("place", "modify", "reply", "cancel"),
        (status, body, request) => {
          expect(classifyAnswer(request, raw(body, status)).outcome).toBe("ambiguous");
          expect(classifyAnswer(request, raw(`<${body}`, 200)).outcome).toBe("ambiguous");
        },
      ),
    );
  });

  it("transmitted always carries a positive order id, whatever the body", () => {
    const value = fc.oneof(
      fc.json().map((text) => text),
      fc
        .array(
          fc.record(
            {
              order_id: fc.oneof(fc.string(), fc.integer(), fc.constant("-1"), fc.constant(null)),
              order_status: fc.constantFrom("Submitted", "Failed", "Inactive", ""),
              error: fc.option(fc.string()),
              id: fc.string(),
              message: fc.anything(),
            },
            { requiredKeys: [] },
          ),
        )
        .map((rows) => JSON.stringify(rows) ?? ""),
    );
    fc.assert(
      fc.property(value, fc.constantFrom("place", "modify", "reply", "cancel"), (body, request) => {
        const classified = classifyAnswer(request, raw(body));
        if (classified.outcome !== "transmitted") return;
        expect(classified.rows.some((each) => /^[1-9]\d*$/.test(each.order_id ?? ""))).toBe(true);
      }),
    );
  });
});
