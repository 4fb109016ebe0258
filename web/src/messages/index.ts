// Generated from signaling/protocol by `make messages`. Do not edit.

export type * from "./words";
export type * from "./reasons";
export type * from "./session-views";
export type * from "./staff-views";
export type * from "./staff-messages";
export type * from "./client-messages";
export type * from "./server-messages";
