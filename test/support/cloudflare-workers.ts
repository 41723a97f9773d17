/** Stands in for the platform's module in unit tests, which run in Node. */
export class RpcTarget {}
