export const ENTITY_TYPES = ["user", "account", "session", "system"] as const;
export const ENTITY_STATUSES = ["active", "suspended", "locked", "closed"] as const;

export type EntityType = (typeof ENTITY_TYPES)[number];
export type EntityStatus = (typeof ENTITY_STATUSES)[number];

/** Closed is the end; what is locked must be unlocked before it can be suspended. */
const TRANSITIONS: Readonly<Record<EntityStatus, readonly EntityStatus[]>> = {
  active: ["suspended", "locked", "closed"],
  suspended: ["active", "locked", "closed"],
  locked: ["active", "closed"],
  closed: [],
};

export const allowedTransitions = (from: EntityStatus): readonly EntityStatus[] =>
  TRANSITIONS[from];
