// Dependencies point one way: protocol <- policy <- durable-objects <- mcp, oauth, console;
// protocol <- sidecar. Types count like values: what a file names, it depends on.

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "protocol-stands-alone",
      comment: "Both ends agree on src/protocol; it imports no other room and runs anywhere.",
      severity: "error",
      from: { path: "^packages/protocol/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(src|durable-objects|sidecar|scripts|test)/", pathNot: "^packages/protocol/" },
    },
    {
      name: "protocol-runs-anywhere",
      comment: "Neither Node nor Workers: pure TypeScript, zod and a few pure libraries.",
      severity: "error",
      from: { path: "^packages/protocol/", pathNot: "\\.test\\.ts$" },
      to: {
        path: "^(node:|cloudflare:)|^(assert|buffer|crypto|fs|http|https|net|os|path|stream|url|util)$",
      },
    },
    {
      name: "protocol-packages",
      comment: "What both ends load has to be small and pure; add a package here with its reason.",
      severity: "error",
      from: { path: "^packages/protocol/", pathNot: "\\.test\\.ts$" },
      to: {
        path: "node_modules/",
        pathNot:
          "node_modules/(zod|@noble/[a-z]+|@scure/bip39|canonicalize|decimal\\.js|jose|@simplewebauthn/server)/",
      },
    },
    {
      name: "policy-knows-protocol-only",
      severity: "error",
      from: { path: "^packages/policy/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(src|durable-objects|sidecar)/", pathNot: "^src/(policy|protocol)/" },
    },
    {
      name: "objects-know-no-web",
      comment: "The account object serves the Worker's rooms and imports none of them.",
      severity: "error",
      from: { path: "^durable-objects/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(src/(mcp|oauth|console|index)|sidecar/)" },
    },
    {
      name: "rooms-do-not-mix",
      comment: "Tools know nothing of sign-in and pages; the handler is where OAuth hands over.",
      severity: "error",
      from: { path: "^src/mcp/", pathNot: "\\.test\\.ts$|^src/mcp/handler\\.ts$" },
      to: { path: "^src/(oauth|console)/" },
    },
    {
      name: "agents-behind-one-file",
      comment: "src/mcp/handler.ts is the only file that imports agents.",
      severity: "error",
      from: { path: "^(src|durable-objects)/", pathNot: "^src/mcp/handler\\.ts$" },
      to: { path: "node_modules/agents/" },
    },
    {
      name: "sidecar-knows-protocol-only",
      severity: "error",
      from: { path: "^sidecar/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(src|durable-objects|scripts|test)/", pathNot: "^packages/protocol/" },
    },
    {
      name: "worker-knows-no-sidecar",
      severity: "error",
      from: { path: "^(src|durable-objects)/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(sidecar|scripts|test)/" },
    },
    {
      name: "simulator-apart",
      comment: "What talks to the broker must not be able to lean on what imitates it.",
      severity: "error",
      from: {
        path: "^sidecar/src/(client-portal|operations|relay|trust|journal)/",
        pathNot: "\\.test\\.ts$",
      },
      to: { path: "^packages/simulator/" },
    },
    {
      name: "no-cycles",
      comment:
        "Type-only circles are harmless; a circle of values is an order of loading that luck decides.",
      severity: "error",
      from: { path: "^(src|durable-objects|sidecar|scripts)/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "resolvable",
      comment: "Entries that tests and benchmarks put in front are loaded beside the built Worker.",
      severity: "error",
      from: { pathNot: "^test/.*-worker\\.js$" },
      to: { couldNotResolve: true, pathNot: "^cloudflare:" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["workerd", "worker", "browser", "import", "types", "node", "default"],
      extensions: [".ts", ".tsx", ".mjs", ".js", ".json", ".d.ts"],
    },
  },
};
