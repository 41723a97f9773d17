import { APPROVER_LIMITS } from "@ibkr-edge-gateway/protocol/approval-page/approver-limits.ts";
import { enrolmentBearer } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { PageMessage } from "@ibkr-edge-gateway/protocol/approval-page/page-message.ts";
import { sha256OfToken } from "@ibkr-edge-gateway/protocol/approval-page/page-token.ts";
import {
  approverAsk,
  approverPages,
  approverPending,
  approverReceipts,
  approverResult,
  approverSubmit,
} from "@ibkr-edge-gateway/protocol/operation-schemas/approval-page.ts";
import { refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { isoTime } from "../../client-portal/clock.ts";
import { serve } from "../../operation-handlers/operation-handler.ts";
import { hostedPages } from "../../trust/tables/approver-pages.ts";
import { currentEnrolment } from "../../trust/tables/enrolments.ts";
import type { OrderOperations } from "../order-operations.ts";
import type { SubmitContext } from "../submit/submit-context.ts";
import { type PageService, pendingForPage } from "./page-service.ts";

/** What the gateway carries between the page that its owner hosts and this PC. */
export function approvalPageOperations(
  page: PageService,
  { store, clock }: Pick<SubmitContext, "store" | "clock">,
): OrderOperations {
  const { db } = store;
  const as_of = () => isoTime(clock.now());
  return {
    "approver.ask": () =>
      serve(approverAsk, async (_context, input) => ({
        ticket_sha256: await page.ask(input),
        as_of: as_of(),
      })),
    "approver.pages": () =>
      serve(approverPages, () => {
        const enrolment = currentEnrolment(db);
        const open =
          enrolment?.via === "qr" &&
          enrolment.state === "open" &&
          clock.now() < enrolment.code.exp * 1_000;
        return Promise.resolve({
          pages: hostedPages(db, APPROVER_LIMITS.pagesMax).map(({ origin, tokenSha256 }) => ({
            origin,
            page_token_sha256: tokenSha256,
          })),
          enrolling: open ? enrolment.origin : null,
          enrolling_token_sha256: open
            ? sha256OfToken(enrolmentBearer(enrolment.code.secret))
            : null,
          as_of: as_of(),
        });
      }),
    "approver.pending": () =>
      serve(approverPending, async () => ({
        envelopes: await pendingForPage(page),
        as_of: as_of(),
      })),
    "approver.submit": () =>
      serve(approverSubmit, async (_context, { message }) => {
        // Carried as it came; what is no message of a page's is nothing that was asked.
        const read = PageMessage.safeParse(message);
        if (!read.success) return { ...noMessage(), as_of: as_of() };
        const { actOn, ...submitted } = await page.submit(read.data, "qr");
        return { ...submitted, act_on: actOn, as_of: as_of() };
      }),
    "approver.receipts": () =>
      serve(approverReceipts, async () => ({ receipts: await page.receipts(), as_of: as_of() })),
    "approver.result": () =>
      serve(approverResult, async (_context, { ticket_sha256, refused }) => ({
        noted: await page.heardResult(ticket_sha256, refused?.code ?? null),
        as_of: as_of(),
      })),
  };
}

const noMessage = () => ({
  accepted: false,
  refusals: [
    refusal("APPROVAL_MALFORMED", "message", "page_message", "This is no message of a page's."),
  ],
  receipt: null,
  act_on: null,
});
