/** The library; docs/client.md tells how it is used. */

export {
  type Auth,
  type BrowserAuthOptions,
  browserAuth,
  storedAuth,
  tokenAuth,
} from "./sdk/auth.ts";
export type { CallOptions, CallProgress, ToolCall } from "./sdk/call.ts";
export { type ConnectOptions, connect, type Gateway } from "./sdk/connect.ts";
export {
  ERROR_CODES,
  type ErrorFacts,
  IbkrError,
  type IbkrErrorCode,
  isErrorCode,
} from "./sdk/errors.ts";
export type {
  ApprovedOrder,
  AskedOrder,
  OrderResult,
  Orders,
  PlaceOptions,
  PreviewedOrder,
  PreviewOptions,
  ShownApproval,
  ShownPreview,
  SubmitOptions,
} from "./sdk/order-types.ts";
export { type AnswerTable, rowsOf } from "./sdk/table-rows.ts";
export type { PagedToolName, ToolName } from "./tool-list/tool-methods.ts";
export type { ToolAnswers, ToolInputs } from "./tool-list/tool-types.generated.ts";
