import { describe, expect, it } from "vitest";
import { parseVkey } from "../note/vkey.ts";
import { faultOf } from "../testing/fault-of.ts";
import * as vectors from "../testing/vectors.ts";
import { parseCheckpointNote } from "./checkpoint.ts";
import { checkTrusted, parseTrustPolicy } from "./trust-policy.ts";

const GOOD = vectors.CHECKPOINT_8;
const _KEYS = [parseVkey(vectors.LOG_VKEY), parseVkey(vectors.PC_VKEY)];
const _POLICY = parseTrustPolicy(
  `log ${vectors.LOG_VKEY}\nwitness pc ${vectors.PC_VKEY}\nquorum pc\n`,
);

describe("a trust policy", () => {
  const lines = [`log ${vectors.LOG_VKEY}`, `witness pc ${vectors.PC_VKEY}`];
  it.each<[string, string[]]>([
    ["without a quorum", lines],
    ["with two", [...lines, "quorum pc", "quorum none"]],
    ["without a log", [lines[1] ?? "", "quorum pc"]],
    ["that names what it did not define", [...lines, "quorum pcs"]],
    ["with a group of too few", [...lines, "group pcs 2 pc", "quorum pcs"]],
    ["with one name twice", [...lines, lines[1] ?? "", "quorum pc"]],
    [
      "with a witness whose key is a log's",
      [`witness pc ${vectors.LOG_VKEY}`, ...lines, "quorum pc"],
    ],
    ["with words that are not known", [...lines, "trust everybody", "quorum none"]],
    ["with more on a line than belongs there", [...lines, "quorum pc please"]],
  ])("%s is refused", async (_what, given) => {
    expect(await faultOf(() => parseTrustPolicy(given.join("\n")))).toBe("POLICY_MALFORMED");
  });

  it("takes comments, addresses and groups of groups", async () => {
    const policy = parseTrustPolicy(
      [
        "# the owner's PC",
        `log ${vectors.LOG_VKEY} https://gw.example/audit/7f3a`,
        lines[1],
        "",
        "group pcs any pc",
        "group everybody all pcs",
        "quorum everybody",
      ].join("\n"),
    );
    expect((await checkTrusted(parseCheckpointNote(GOOD), policy)).byWitnesses).toHaveLength(1);
  });
});
