export {
  type AuthorizationAnswer,
  authorize,
  Browser,
  checkboxes,
  connect,
  formFields,
  type OAuthConnection,
  type RegisteredClient,
  registerClient,
  signIn,
  type Tokens,
  tokenRequest,
} from "../../scripts/lib/oauth-client.ts";
