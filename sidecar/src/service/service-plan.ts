import { launchdPlan } from "./launchd-agent.ts";
import type { ServiceFacts, ServicePlan } from "./service-facts.ts";
import { systemdPlan } from "./systemd-unit.ts";
import { windowsPlan } from "./windows-task.ts";

/** The plan for this platform; null where there is no service manager that this knows. */
export function servicePlan(platform: NodeJS.Platform, facts: ServiceFacts): ServicePlan | null {
  switch (platform) {
    case "linux":
      return systemdPlan(facts);
    case "darwin":
      return launchdPlan(facts);
    case "win32":
      return windowsPlan(facts);
    default:
      return null;
  }
}
