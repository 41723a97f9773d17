import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { notificationsList } from "@ibkr-edge-gateway/protocol/operation-schemas/notifications-list.ts";
import { brokerText, label } from "../client-portal/broker-text.ts";
import { isoTime } from "../client-portal/clock.ts";
import { notices, unreadNotices } from "../client-portal/endpoints/notices.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";

export const serveNotificationsList = serve(notificationsList, async (context, input) => {
  const [list, unread] = await Promise.all([
    context.ask(notices(input.limit)),
    // The count may be asked once in five minutes; the list does not wait for it.
    context.ask(unreadNotices).catch((error: unknown) => {
      if (error instanceof GatewayError) return null;
      throw error;
    }),
  ]);
  return {
    unread: unread?.value.BN != null && unread.value.BN >= 0 ? unread.value.BN : null,
    notifications: list.value.slice(0, input.limit).flatMap((notice) => {
      if (notice.ID === null) return [];
      return [
        {
          notification_id: notice.ID.slice(0, 40),
          at: notice.D === null ? null : isoTime(notice.D),
          read: notice.R,
          kind: label(notice.FC, 10),
          title: brokerText(notice.MS),
          body: brokerText(notice.MD),
        },
      ];
    }),
    ...provenance(context, [list]),
  };
});
