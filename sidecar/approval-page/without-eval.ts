import * as z from "zod";

/**
 * Imported before any schema is made: the page's policy lets nothing be compiled from text, and a
 * mere try would be reported as a breach of it.
 */
z.config({ jitless: true });
