// Who may import whom. Types count like values: what a file names, it depends on. Each rule here has
// a case in scripts/dependency-direction.test.ts that breaks it.
//
//   protocol <- policy <- durable-objects <- src          protocol <- sidecar          protocol <- client
//   evidence <- durable-objects, sidecar, client
//   simulator: the sidecar's command line, client/src/simulated, tests and scripts

const TESTS = "\\.test\\.ts$";

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "protocol-stands-alone",
      comment: "What all ends agree on imports no other room and runs anywhere.",
      severity: "error",
      from: { path: "^packages/protocol/", pathNot: TESTS },
      to: {
        path: "^(src|durable-objects|sidecar|packages|client|scripts|test)/",
        pathNot: "^packages/protocol/",
      },
    },
    {
      name: "pure-packages-run-anywhere",
      comment:
        "Neither Node nor Workers: pure TypeScript, zod and a few pure libraries. What reads and writes evidence on a disk stands apart, for command lines.",
      severity: "error",
      from: {
        path: "^packages/(protocol|policy|evidence)/",
        pathNot: `${TESTS}|^packages/evidence/node/`,
      },
      to: {
        path: "^(node:|cloudflare:)|^(assert|buffer|crypto|fs|http|https|net|os|path|stream|url|util)$",
      },
    },
    {
      name: "pure-packages-libraries",
      comment: "What every end loads has to be small and pure; add a library here with its reason.",
      severity: "error",
      from: { path: "^packages/(protocol|policy|evidence)/", pathNot: TESTS },
      to: {
        path: "node_modules/",
        pathNot:
          "node_modules/(zod|@noble/[a-z]+|@scure/bip39|canonicalize|decimal\\.js|jose|@simplewebauthn/server)/",
      },
    },
    {
      name: "policy-knows-protocol-only",
      severity: "error",
      from: { path: "^packages/policy/", pathNot: TESTS },
      to: {
        path: "^(src|durable-objects|sidecar|packages|client|scripts|test)/",
        pathNot: "^packages/(policy|protocol)/",
      },
    },
    {
      name: "evidence-stands-alone",
      comment: "A stranger checks with it what the other parts did; it takes nothing from them.",
      severity: "error",
      from: { path: "^packages/evidence/", pathNot: TESTS },
      to: {
        path: "^(src|durable-objects|sidecar|packages|client|scripts|test)/",
        pathNot: "^packages/evidence/",
      },
    },
    {
      name: "evidence-on-disk-for-command-lines",
      severity: "error",
      from: {
        pathNot: `${TESTS}|^(packages/evidence/node|(sidecar|client)/src/cli|scripts|test)/`,
      },
      to: { path: "^packages/evidence/node/" },
    },
    {
      name: "evidence-for-keepers",
      comment: "The account object keeps the log, the PC witnesses it, a client checks it.",
      severity: "error",
      from: { path: "^(src|packages)/", pathNot: `${TESTS}|^packages/evidence/` },
      to: { path: "^packages/evidence/" },
    },
    {
      name: "simulator-stands-alone",
      comment: "It imitates the broker; it must not lean on what is tested against it.",
      severity: "error",
      from: { path: "^packages/simulator/", pathNot: TESTS },
      to: {
        path: "^(src|durable-objects|sidecar|packages|client|scripts|test)/",
        pathNot: "^packages/(simulator|protocol)/",
      },
    },
    {
      name: "approval-page-alone",
      comment:
        "What the owner's page shows and signs is made by what all ends agree on, and by itself.",
      severity: "error",
      from: { path: "^sidecar/approval-page/", pathNot: TESTS },
      to: {
        path: "^(src|durable-objects|sidecar|packages|client|scripts|test)/",
        pathNot: "^(sidecar/approval-page|packages/protocol)/",
      },
    },
    {
      name: "simulator-apart",
      comment: "What talks to the broker must not be able to lean on what imitates it.",
      severity: "error",
      from: {
        path: "^(src|durable-objects|sidecar|client|packages)/",
        pathNot: `${TESTS}|^packages/simulator/|^sidecar/src/cli/|^client/(src/)?simulated/`,
      },
      to: { path: "^packages/simulator/" },
    },
    {
      name: "objects-know-no-web",
      comment: "The account object serves the Worker's rooms and imports none of them.",
      severity: "error",
      from: { path: "^durable-objects/", pathNot: TESTS },
      to: { path: "^(src|sidecar|client|scripts|test)/" },
    },
    {
      name: "order-rules-judge-only",
      comment: "What is judged knows tables and nothing of those who ask, send or write.",
      severity: "error",
      from: { path: "^durable-objects/account/orders/(facts|evidence|rules)/", pathNot: TESTS },
      to: { path: "^durable-objects/account/orders/(agent|owner|sidecar-calls|transactions)/" },
    },
    {
      name: "order-tables-are-the-bottom",
      comment: "A table's file holds its statements; rules and acts stand above it.",
      severity: "error",
      from: { path: "^durable-objects/account/orders/tables/", pathNot: TESTS },
      to: {
        path: "^durable-objects/account/orders/",
        pathNot: "^durable-objects/account/orders/tables/",
      },
    },
    {
      name: "order-transactions-are-synchronous",
      comment: "Nothing is asked of the PC, and nobody's verb is called, inside a transaction.",
      severity: "error",
      from: { path: "^durable-objects/account/orders/transactions/", pathNot: TESTS },
      to: { path: "^durable-objects/account/orders/(agent|owner|sidecar-calls)/" },
    },
    {
      name: "rooms-do-not-mix",
      comment: "Tools know nothing of sign-in and pages; the handler is where OAuth hands over.",
      severity: "error",
      from: { path: "^src/mcp/", pathNot: `${TESTS}|^src/mcp/handler\\.ts$` },
      to: { path: "^src/(oauth|owner|console)/" },
    },
    {
      name: "web-is-below-the-rooms",
      comment: "What every page stands on imports none of the rooms that stand on it.",
      severity: "error",
      from: { path: "^src/web/", pathNot: TESTS },
      to: { path: "^src/(mcp|oauth|owner|console|relay)/" },
    },
    {
      name: "rooms-know-no-roof",
      comment: "What stands in src itself puts the rooms together; settings and limits are in web.",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: TESTS },
      to: { path: "^src/[^/]+$" },
    },
    {
      name: "owner-below-oauth-and-console",
      comment: "Consent and console ask who the owner is; sign-in knows neither of them.",
      severity: "error",
      from: { path: "^src/owner/", pathNot: TESTS },
      to: { path: "^src/(oauth|console|mcp|relay)/" },
    },
    {
      name: "oauth-below-console",
      severity: "error",
      from: { path: "^src/oauth/", pathNot: TESTS },
      to: { path: "^src/(console|mcp|relay)/" },
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
      from: { path: "^sidecar/", pathNot: TESTS },
      to: {
        path: "^(src|durable-objects|client|scripts|test|packages)/",
        pathNot: "^packages/(protocol|evidence|simulator)/",
      },
    },
    {
      name: "client-portal-is-the-bottom",
      comment: "The broker's words are read without knowing what they are asked for.",
      severity: "error",
      from: { path: "^sidecar/src/client-portal/", pathNot: TESTS },
      to: { path: "^sidecar/src/(operation-handlers|orders|relay|run|cli|doctor)/" },
    },
    {
      name: "command-line-is-the-top",
      comment: "Commands start and ask the rest of the sidecar; nothing else knows them.",
      severity: "error",
      from: { path: "^sidecar/src/", pathNot: `${TESTS}|^sidecar/src/cli/` },
      to: { path: "^sidecar/src/cli/" },
    },
    {
      name: "client-knows-protocol-and-evidence",
      comment: "What other people install holds no code of the Worker or the PC.",
      severity: "error",
      from: { path: "^client/", pathNot: `${TESTS}|^client/src/simulated/` },
      to: {
        path: "^(src|durable-objects|sidecar|scripts|test|packages)/",
        pathNot: "^packages/(protocol|evidence)/",
      },
    },
    {
      name: "simulated-client-knows-policy-and-simulator",
      severity: "error",
      from: { path: "^client/src/simulated/", pathNot: TESTS },
      to: {
        path: "^(src|durable-objects|sidecar|scripts|test|packages)/",
        pathNot: "^packages/(protocol|evidence|policy|simulator)/",
      },
    },
    {
      name: "simulated-client-is-apart",
      comment: "A program that trades must not be able to load the broker's imitation by accident.",
      severity: "error",
      from: { path: "^client/src/", pathNot: `${TESTS}|^client/src/simulated/` },
      to: { path: "^client/src/simulated/" },
    },
    {
      name: "worker-knows-no-sidecar",
      severity: "error",
      from: { path: "^(src|durable-objects)/", pathNot: TESTS },
      to: { path: "^(sidecar|client|scripts|test)/" },
    },
    {
      name: "no-circles",
      comment: "Types included: two files that name each other are one file in two parts.",
      severity: "error",
      from: { path: "^(src|durable-objects|packages|sidecar|client|scripts)/" },
      to: { circular: true },
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
