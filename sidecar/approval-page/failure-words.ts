import { NoAnswer } from "./api.ts";
import { ceremonyWords } from "./passkeys.ts";

/** Why something did not work, for the owner: in the API's own words, or in those of the passkey. */
export const failureWords = (error: unknown): string =>
  error instanceof NoAnswer ? error.message : ceremonyWords(error);
