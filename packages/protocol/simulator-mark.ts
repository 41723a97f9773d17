/**
 * The organisation in the simulator's certificate: how `--simulated` tells it from a broker's gateway
 * on every connection, before the first byte of a request.
 */
export const SIMULATOR_ORGANIZATION = "Client Portal Gateway simulator";

/**
 * The organizational unit of a simulator whose markets never close. It is in the same certificate, so
 * that no connection can have the one without the other, and no broker's gateway can have it at all.
 */
export const OPEN_AROUND_THE_CLOCK = "Market open around the clock";
