/**
 * Every wart the simulator can reproduce, one switch each. The defaults are what the broker's
 * gateway was seen or documented to do; what only some accounts see is off and can be turned on.
 * Changed while running by the control port (`PATCH /behaviours`).
 */
export interface Behaviours {
  session: SessionBehaviour;
  resets: ResetBehaviour;
  coldReads: ColdReadBehaviour;
  questions: QuestionBehaviour;
  orderLife: OrderLifeBehaviour;
  brackets: BracketBehaviour;
  duplicates: DuplicateBehaviour;
  trades: TradeBehaviour;
  webSocket: WebSocketBehaviour;
  drift: DriftBehaviour;
  limits: LimitBehaviour;
}

/** Group 1: logging in, being logged in, and saying so. */
export interface SessionBehaviour {
  /** The first status of a fresh brokerage session says `authenticated:false`. */
  firstStatusFalse: boolean;
  /** `compete:false` is refused even without a rival. */
  forceCompeteRequired: boolean;
  /** How `/iserver` answers without a brokerage session. */
  noBrokerageBody: "not-authenticated" | "no-bridge" | "init-session-first";
  /** What a 401 before login carries. */
  unauthorizedBody: "empty" | "text" | "json";
  /** Without a brokerage session the tickle has no `iserver` part. */
  tickleOmitsIserver: boolean;
  /** The first tickle after the SSO session died answers 200 `{"error":"no session"}`. */
  tickleNoSession: boolean;
  /** What `publish:false` gets at init: 500 by the documentation, 200 in a recording. */
  publishFalseStatus: 200 | 500;
  /** How long the login page waits for the second factor. */
  twoFactorMs: number;
  /** From the login page's success to a brokerage session. */
  authDelayMs: number;
  /** From authenticated to established. */
  establishedDelayMs: number;
  /** An order before `established` is told that its account is not valid. */
  ordersNeedEstablished: boolean;
  /** A request without a User-Agent is turned away with an HTML 403. */
  userAgentRequired: boolean;
  /** A body with line breaks in it is not understood. */
  compactJson: boolean;
  /** A request with a body of unknown length gets 411. */
  lengthRequired: boolean;
}

/** Group 2: what time does to a session. */
export interface ResetBehaviour {
  /** The SSO session dies at midnight of the region. */
  midnight: boolean;
  /** The brokerage session is lost at 01:00 of the region. */
  nightly: boolean;
  /** Without traffic the brokerage session is lost after this long; 0 is never. */
  idleMs: number;
  /** Saturday 22:00 to Sunday 01:00 of the region everything answers 503. */
  weekend: boolean;
  zone: string;
}

/** Group 3: what a first read does not tell yet, and what must come before what. */
export interface ColdReadBehaviour {
  orders: boolean;
  trades: boolean;
  snapshot: boolean;
  /** The first page of positions lacks the contract's particulars. */
  positions: boolean;
  /** How long the older positions trail behind a fill. */
  positionLagMs: number;
  pnl: boolean;
  watchlist: boolean;
  algos: boolean;
  history: boolean;
  /** `/iserver` calls that need accounts say so until `/iserver/accounts` was read. */
  accountsFirst: boolean;
  accountsFirstStatus: 400 | 500;
  /** Strikes and info stay empty until the underlying was searched for. */
  searchFirst: boolean;
  /** A search by name leaves strikes empty. */
  namePoison: boolean;
}

/** Group 4: the questions before an order. */
export interface QuestionBehaviour {
  enabled: boolean;
  /** Some builds send a question as an object instead of an array. */
  shape: "array" | "object";
  /** A limit further than this from the market asks o163. */
  priceBandPercent: number;
  /** An order worth more than this asks o451. */
  valueLimit: number;
  /** A quantity above this asks o383. */
  sizeLimit: number;
  /** A limit buy far above the market gets a cap, o10153. */
  mandatoryCap: boolean;
  /** Asks o10151 for a market order and o10152 for a stop. */
  riskWarnings: boolean;
  /** Asks o2137 when a sale exceeds the position. */
  crossSide: boolean;
  /** Asks p12, whose Yes hands the order to the broker's price management. */
  priceManagement: boolean;
  /** Text-only question whose Yes cancels every open order first. */
  cancelOthers: boolean;
  /** An unknown question, asked before all others, for tests of the refusal. */
  extra: readonly { id: string; text: string }[];
  /** An unanswered question lapses after this long. */
  ttlMs: number;
  /** What answering a question gets that another order pushed aside. */
  invalidatedStatus: 400 | 503;
  /** The pushed-aside order goes live after this long all the same; 0 is never. */
  invalidatedGoesLiveMs: number;
  declineStatus: 200 | 400;
  /** Not empty: orders are answered with this prompt, to be settled at `/iserver/notification`. */
  advancedReject: string;
}

/** Group 5: from accepted to done. */
export interface OrderLifeBehaviour {
  /** From the answer to PreSubmitted, and on to Submitted. */
  routeMs: number;
  /** Between the fills of one order; 0 fills at once. */
  fillMs: number;
  /** The most pieces that one order is filled in. */
  maxFills: number;
  /** From the cancel's acknowledgement to its effect. */
  cancelMs: number;
  /** A cancel loses the race against the fill. */
  cancelLosesRace: boolean;
  /** An order without cover or permission is accepted and then shown as Inactive. */
  rejectAsInactive: boolean;
  /** Immediate-or-cancel fills half and cancels the rest. */
  iocPartial: boolean;
  /** The day's finished orders are no longer listed after the nightly reset. */
  dayScoped: boolean;
}

/** Group 6: one POST, several orders. */
export interface BracketBehaviour {
  mode: "ok" | "parent-inactive" | "child-refused" | "error";
  /** The answer names a child before its parent. */
  childFirst: boolean;
}

/** Group 7: the same cOID again. */
export interface DuplicateBehaviour {
  reject: boolean;
  status: 200 | 400;
  /** When a cOID counts as used. */
  registerAt: "first-post" | "confirmed";
  /** A cancelled, rejected or declined order sets its cOID free. */
  freedAfterEnd: boolean;
  windowMs: number;
}

/** Group 8. */
export interface TradeBehaviour {
  /** `BOT` and `SLD` instead of `B` and `S`. */
  longSides: boolean;
}

/** Group 9. */
export interface WebSocketBehaviour {
  heartbeatMs: number;
  /** A market data stream ends without a word after this long. */
  marketDataLifeMs: number;
  /** Messages before this long after the connection hear `waiting for session`. */
  readyMs: number;
  /** A socket without a cookie is of the login that the local gateway holds; or it waits for one. */
  withoutCookie: "served" | "waits";
  /** Frames come as bytes, not as text. */
  binary: boolean;
  /** `sts` comes one key a frame. */
  stsOneKey: boolean;
  /** On subscribing, `sor` sends rows with nothing but ids first. */
  idsOnlyRows: boolean;
  /** A filtered read of the orders silences `sor` until a forced read. */
  filterSilencesOrders: boolean;
  marketDataLines: number;
  historySlots: number;
}

/** Group 10: figures and names that are not what they should be. */
export interface DriftBehaviour {
  /** `C` and `H` before prices, `12.3M` for a volume. */
  decorated: boolean;
  /** Rows carry a field that nobody has documented. */
  extraFields: boolean;
  loginTypeKey: "LOGIN_TYPE" | "loginType";
  faClientKey: "faclient" | "faClient";
  isPaperAs: "boolean" | "text" | "number";
}

/** The limits of requests, and what breaking them costs. */
export interface LimitBehaviour {
  enabled: boolean;
  /**
   * Which time counts. `both` adds the wall's to the virtual clock's, so that a client which paces
   * itself by the wall is not caught out by a clock that stands still.
   */
  clock: "both" | "virtual";
  globalPerSecond: number;
  penaltyMinutes: number;
  /** Charts that may be asked for at the same time, and the wall time that one takes. */
  historySlots: number;
  historyMs: number;
  /** False leaves the tickle alive inside the penalty box; nobody has published which it is. */
  penaltyCoversTickle: boolean;
}

export type DeepPartial<T> = { [K in keyof T]?: Partial<T[K]> };
