/** Tells that an earlier parse cannot be built on, and why. Never leaves partial parsing. */
export class FullParseNeeded extends Error {}
