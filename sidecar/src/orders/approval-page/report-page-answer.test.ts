import {
  ApproverEnrolledEvent,
  OwnerAnswerEvent,
} from "@ibkr-edge-gateway/protocol/operation-schemas/approval-page.ts";
import { describe, expect, it } from "vitest";
import { approverEnrolled, ownerAnswer } from "./report-page-answer.ts";

const AT = "2026-11-20T15:00:00.000Z";
const AT_MS = Date.parse(AT);
const TICKET = "1".repeat(64);
const no = { act: "deny_order", preview_id: "pv_1" } as const;

describe("what the gateway is told of an answer", () => {
  it("is the answer and when it came, in the form that the gateway reads", () => {
    const { type, payload } = ownerAnswer(TICKET, no, AT_MS);
    expect(type).toBe("broker.alert");
    expect(OwnerAnswerEvent.parse(payload)).toEqual({
      kind: "owner_answer",
      event_key: expect.stringMatching(/^owner-answer:1{64}:[0-9a-f]{32}$/),
      observed_at: AT,
      act_on: no,
    });
  });

  it("has a name of its own each time: two answers are never taken for one", () => {
    const names = [1, 2, 3].map(
      () => OwnerAnswerEvent.parse(ownerAnswer(TICKET, no, AT_MS).payload).event_key,
    );
    expect(new Set(names).size).toBe(3);
  });
});

describe("what it is told of a new approver", () => {
  const enrolled = {
    via: "qr",
    origin: "https://approve.example",
    statement_sha256: "a".repeat(64),
  } as const;

  it("is which page, and the hash of what the PC stated: told twice it is one", () => {
    const { type, payload } = approverEnrolled(enrolled, AT_MS);
    expect(type).toBe("broker.alert");
    const read = ApproverEnrolledEvent.parse(payload);
    expect(read).toMatchObject({ kind: "approver_enrolled", observed_at: AT, ...enrolled });
    const again = ApproverEnrolledEvent.parse(approverEnrolled(enrolled, AT_MS + 1).payload);
    expect(again.event_key).toBe(read.event_key);
    const another = approverEnrolled({ ...enrolled, statement_sha256: "b".repeat(64) }, AT_MS);
    expect(ApproverEnrolledEvent.parse(another.payload).event_key).not.toBe(read.event_key);
  });
});
