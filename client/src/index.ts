/** The library: see docs/client.md. */
export {
  ERROR_CODES,
  type ErrorFacts,
  IbkrError,
  type IbkrErrorCode,
  isErrorCode,
} from "./sdk/errors.ts";
