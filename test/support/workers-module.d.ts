/** The platform's own module, for what tests and scripts read of the account's surface by its types. */
declare module "cloudflare:workers" {
  export abstract class RpcTarget {}
}
