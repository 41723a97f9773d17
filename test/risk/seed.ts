/**
 * Where the cases of this folder start. The same ones every time, so that a red run is a changed
 * program; `RISK_SEED` and `RISK_RUNS` try others. The seed stands in each test's name.
 */
export const SEED = Number(process.env.RISK_SEED ?? 20_261_130);
export const runs = (usual: number): number => Number(process.env.RISK_RUNS ?? usual);
