export { Browser } from "../../scripts/lib/browser.ts";
export { checkboxes, formFields } from "../../scripts/lib/html-forms.ts";
export {
  type AuthorizationAnswer,
  authorize,
  connect,
  type OAuthConnection,
  type RegisteredClient,
  registerClient,
  signIn,
  type Tokens,
  tokenRequest,
} from "../../scripts/lib/oauth-client.ts";
