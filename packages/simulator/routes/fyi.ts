import {
  answer,
  badRequest,
  fieldsOf,
  html,
  isYes,
  ok,
  parameter,
  type SimAnswer,
  type SimRequest,
} from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import type { WireJson } from "../json.ts";
import type { Simulator } from "../simulator.ts";
import type { Notice } from "../state/watchlists-alerts-notices.ts";

/** Notices and how they are delivered. Keys are the server's own abbreviations. */

const FIVE_MINUTES = 5 * 60_000;
const MOST_NOTICES = 10;

function done(times: number): SimAnswer {
  return ok({ V: 1, T: times });
}

function unread(sim: Simulator): SimAnswer {
  const now = sim.clock.now();
  const soon = now - sim.notes.unreadAskedAt < FIVE_MINUTES;
  sim.notes.unreadAskedAt = now;
  if (soon) return answer(423, { status: "Locked" });
  return ok({ BN: sim.notes.notices.filter((one) => !one.read).length });
}

function notice(one: Notice): WireJson {
  return {
    R: one.read ? 1 : 0,
    D: `${one.at / 1000}.0`,
    MS: one.title,
    MD: one.html,
    ID: one.id,
    HT: 0,
    FC: one.code,
  };
}

function notices(sim: Simulator, request: SimRequest): SimAnswer {
  const most = request.query.get("max");
  if (most !== null && (!/^\d+$/.test(most) || Number(most) > MOST_NOTICES))
    return badRequest("max is not valid");
  return ok(sim.notes.notices.slice(0, Number(most ?? MOST_NOTICES)).map(notice));
}

function markRead(sim: Simulator, request: SimRequest): SimAnswer {
  const id = parameter(request, "id");
  const one = sim.notes.notices.find((other) => other.id === id);
  if (one !== undefined) one.read = true;
  return ok({ V: 1, T: 5, P: { R: 1, ID: id } });
}

function settings(sim: Simulator): SimAnswer {
  return ok(
    [...sim.notes.fyi].map(([code, one]) => ({
      FC: code,
      H: one.read ? 1 : 0,
      A: one.on ? 1 : 0,
      FD: one.text,
      FN: one.name,
    })),
  );
}

function change(sim: Simulator, request: SimRequest): SimAnswer {
  const one = sim.notes.fyi.get(parameter(request, "code"));
  const enabled = fieldsOf(request).enabled;
  if (typeof enabled !== "boolean") return badRequest("enabled is required");
  if (one !== undefined) one.on = enabled;
  return done(10);
}

function removeDevice(sim: Simulator, request: SimRequest): SimAnswer {
  return sim.notes.devices.delete(parameter(request, "device"))
    ? ok("")
    : html(404, "Not Found", "<h1>Not Found</h1>");
}

export const fyiRoutes: readonly SimRoute[] = [
  { method: "GET", pattern: "/fyi/unreadnumber", needs: "sso", handle: unread },
  { method: "GET", pattern: "/fyi/settings", needs: "sso", handle: settings },
  { method: "POST", pattern: "/fyi/settings/:code", needs: "sso", handle: change },
  {
    method: "GET",
    pattern: "/fyi/disclaimer/:code",
    needs: "sso",
    handle: (_sim, request) =>
      ok({ FC: parameter(request, "code"), DT: "This notice is for information only." }),
  },
  {
    method: "PUT",
    pattern: "/fyi/disclaimer/:code",
    needs: "sso",
    handle: (sim, request) => {
      const one = sim.notes.fyi.get(parameter(request, "code"));
      if (one !== undefined) one.read = true;
      return done(10);
    },
  },
  {
    method: "GET",
    pattern: "/fyi/deliveryoptions",
    needs: "sso",
    handle: (sim) =>
      ok({
        E: [...sim.notes.devices].map((id) => ({ NM: "Phone", I: id, UI: id, A: 1 })),
        M: sim.notes.emailDelivery ? 1 : 0,
      }),
  },
  {
    method: "PUT",
    pattern: "/fyi/deliveryoptions/email",
    needs: "sso",
    handle: (sim, request) => {
      sim.notes.emailDelivery = isYes(request.query.get("enabled"));
      return done(10);
    },
  },
  {
    method: "POST",
    pattern: "/fyi/deliveryoptions/device",
    needs: "sso",
    handle: (sim, request) => {
      const { deviceId } = fieldsOf(request);
      if (typeof deviceId !== "string") return badRequest("deviceId is required");
      sim.notes.devices.add(deviceId);
      return done(10);
    },
  },
  { method: "DELETE", pattern: "/fyi/deliveryoptions/:device", needs: "sso", handle: removeDevice },
  { method: "GET", pattern: "/fyi/notifications", needs: "sso", handle: notices },
  {
    method: "GET",
    pattern: "/fyi/notifications/more",
    needs: "sso",
    handle: (sim) => ok(sim.notes.notices.slice(MOST_NOTICES).map(notice)),
  },
  { method: "PUT", pattern: "/fyi/notifications/:id", needs: "sso", handle: markRead },
];
