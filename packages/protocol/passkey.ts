import * as z from "zod";

/** What a browser gives back from WebAuthn, as JSON (RegistrationResponseJSON and its sibling). */

const Base64Url = z.string().regex(/^[A-Za-z0-9_-]+$/);

const credential = {
  id: Base64Url.max(1_400),
  rawId: Base64Url.max(1_400),
  type: z.literal("public-key"),
};

export const PasskeyRegistration = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: Base64Url.max(4_096),
    attestationObject: Base64Url.max(16_384),
    transports: z.array(z.string().max(32)).max(8).default([]),
  }),
});
export type PasskeyRegistration = z.infer<typeof PasskeyRegistration>;

export const PasskeyAssertion = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: Base64Url.max(4_096),
    authenticatorData: Base64Url.max(2_048),
    signature: Base64Url.max(2_048),
    userHandle: Base64Url.max(128).nullish(),
  }),
});
export type PasskeyAssertion = z.infer<typeof PasskeyAssertion>;

/** ES256 and EdDSA; RS256 for the authenticators of Windows. */
export const PASSKEY_ALGORITHMS = [-7, -8, -257];

/** Reads JSON text against a schema; null for anything that is not it. */
export function readPasskeyJson<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
): z.output<Schema> | null {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
