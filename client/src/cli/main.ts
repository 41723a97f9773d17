#!/usr/bin/env node
import { keepCompiled } from "./keep-compiled.ts";

// Before anything else is loaded: what comes after it is kept in its compiled form.
keepCompiled();
const { runIbkr } = await import("./run-ibkr.ts");
await runIbkr();
