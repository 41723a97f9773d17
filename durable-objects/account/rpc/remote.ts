import type { RpcTarget } from "cloudflare:workers";

/**
 * A capability as its holder sees it: each verb answers by a promise, and the rooms behind a getter
 * are reached in the same round trip. Only methods and getters of the class cross the wire; what an
 * instance keeps for itself does not.
 */
export type Remote<Target> = {
  readonly [Name in Exclude<keyof Target, keyof RpcTarget>]: Target[Name] extends (
    ...asked: infer Asked
  ) => infer Answer
    ? (...asked: Asked) => Promise<Awaited<Answer>>
    : Remote<Target[Name]>;
};
