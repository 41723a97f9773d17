/**
 * The organisation in the simulator's certificate: how `--simulated` tells it from a broker's gateway
 * on every connection, before the first byte of a request.
 */
export const SIMULATOR_ORGANIZATION = "Client Portal Gateway simulator";
