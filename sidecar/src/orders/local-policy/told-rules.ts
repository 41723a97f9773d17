import type { LocalRules } from "./rules.ts";

/** The same rules, whose owner is told once of each fault of the policy file, whoever meets it first. */
export function tellFaults(rules: LocalRules, tell: (message: string) => void): LocalRules {
  let told: string | null = null;
  const faultNow = (): string | null => {
    const fault = rules.policyFault();
    if (fault !== null && fault !== told) {
      tell(
        `This PC's policy cannot be read: ${fault}. Exits and cancels go out by the last one that could; no order that may open a position does. Mend the file, or remove it to begin with the defaults.`,
      );
    }
    told = fault;
    return fault;
  };
  return {
    killSwitch: () => rules.killSwitch(),
    engage: (reason, nowMs) => rules.engage(reason, nowMs),
    caps: () => rules.caps(),
    policy: () => {
      faultNow();
      return rules.policy();
    },
    policyFault: faultNow,
  };
}
