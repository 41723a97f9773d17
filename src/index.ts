export { Account } from "../durable-objects/account.ts";
export { Pairing } from "../durable-objects/pairing.ts";

export default {
  fetch: () => new Response("ok"),
};
