export {
  type AuthorizationAnswer,
  authorize,
  Browser,
  type Connection,
  checkboxes,
  connect,
  formFields,
  type RegisteredClient,
  register,
  signIn,
  type Tokens,
  tokenRequest,
} from "../../scripts/lib/oauth-client.ts";
