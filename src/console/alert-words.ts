/** What an alert says first, by its kind. */
export const ALERTS: Readonly<Record<string, string>> = {
  unprotected_position: "A position may stand without protection",
  outcome_unknown: "Nobody knows yet whether an order stands",
  needs_owner: "Look at the account at the broker",
  question_waiting: "The broker asks a question",
  resurrected: "An order that had ended is alive",
  unexplained_order: "An order nobody here has let out",
  kill_switch_engaged: "Trading was stopped",
  session_lost: "The broker session is gone",
  cancel_refused: "An order was not cancelled",
};
