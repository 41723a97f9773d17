import { registerHooks } from "node:module";

// The object's code names the platform's own module; here it gets its stand-in. The platform's
// classes are declared before anything of it is loaded.
const STAND_IN = new URL("../support/cloudflare-workers.ts", import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "cloudflare:workers"
      ? { url: STAND_IN, shortCircuit: true }
      : next(specifier, context),
});
const mutation = process.env.SIMULATION_MUTATION;
if (mutation !== undefined) {
  const { loadChanged } = await import("./mutations.ts");
  loadChanged(JSON.parse(mutation));
}
const { main } = await import("./command.ts");
await main(process.argv.slice(2));
