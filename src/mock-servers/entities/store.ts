import type { Random } from "../../shared/core/random.ts";
import type { Actors } from "../logs/context.ts";
import { ALL_SERVICES } from "../logs/services.ts";
import { hex, int } from "../logs/values.ts";
import { createRing } from "../ring.ts";
import {
  allowedTransitions,
  ENTITY_STATUSES,
  ENTITY_TYPES,
  type EntityStatus,
  type EntityType,
} from "./transitions.ts";

export type Entity = {
  entity_id: string;
  entity_type: EntityType;
  status: EntityStatus;
  attributes: Readonly<Record<string, unknown>>;
  created_at: string;
  updated_at: string;
};

export type Transition = {
  entity_id: string;
  entity_type: EntityType;
  from_status: EntityStatus;
  to_status: EntityStatus;
  reason: string | null;
  timestamp: string;
};

export type NewEntity = {
  id?: string | undefined;
  type: EntityType;
  status?: EntityStatus | undefined;
  attributes?: Readonly<Record<string, unknown>> | undefined;
};

/** Users at the start; accounts and sessions are in proportion. */
const USERS = 200;
export const MAX_ENTITIES = 10_000;
const HISTORY_KEPT = 1_000;

const ID_PREFIX: Readonly<Record<EntityType, string>> = {
  user: "usr",
  account: "acc",
  session: "ses",
  system: "sys",
};

export type EntityStoreDeps = { random: Random; now: () => number };

/**
 * The users, accounts, sessions and systems that logs are about. Starts with a few hundred, holds
 * at most 10,000, and remembers the last 1,000 transitions.
 */
export const createEntityStore = ({ random, now }: EntityStoreDeps) => {
  const entities = new Map<string, Entity>();
  const ofType: Record<EntityType, string[]> = { user: [], account: [], session: [], system: [] };
  const history = createRing<Transition>(HISTORY_KEPT);

  const add = ({ id, type, status = "active", attributes = {} }: NewEntity): Entity | undefined => {
    const entityId = id ?? `${ID_PREFIX[type]}_${hex(random, 10)}`;
    if (entities.size >= MAX_ENTITIES || entities.has(entityId)) return undefined;
    const at = new Date(now()).toISOString();
    const entity: Entity = {
      entity_id: entityId,
      entity_type: type,
      status,
      attributes,
      created_at: at,
      updated_at: at,
    };
    entities.set(entityId, entity);
    ofType[type].push(entityId);
    return entity;
  };

  /** Accounts and sessions by the user they belong to. */
  const people = Array.from({ length: USERS }, () => {
    const user = add({
      type: "user",
      attributes: { segment: random.pick(["retail", "premier", "business"]) },
    });
    const userId = user?.entity_id ?? "";
    const accounts = Array.from({ length: int(random, 1, 3) }, () =>
      add({ type: "account", attributes: { user_id: userId, currency: "VND" } }),
    );
    const session = add({ type: "session", attributes: { user_id: userId } });
    return {
      userId,
      accountIds: accounts.map((account) => account?.entity_id ?? ""),
      sessionId: session?.entity_id ?? "",
    };
  });
  for (const service of ALL_SERVICES) add({ id: `sys_${service}`, type: "system" });

  const isOpen = (id: string): boolean => entities.get(id)?.status !== "closed";

  return {
    /** Undefined where the id is taken or the store is full. */
    add,
    has: (id: string): boolean => entities.has(id),
    isFull: (): boolean => entities.size >= MAX_ENTITIES,
    get: (id: string): Entity | undefined => entities.get(id),
    list: (
      filter: { type?: EntityType | undefined; status?: EntityStatus | undefined },
      limit: number,
    ): { entities: Entity[]; total: number } => {
      const found = [...entities.values()].filter(
        ({ entity_type, status }) =>
          (filter.type === undefined || entity_type === filter.type) &&
          (filter.status === undefined || status === filter.status),
      );
      return { entities: found.slice(0, limit), total: found.length };
    },
    /** Undefined where the entity may not go there from where it is. */
    transition: (entity: Entity, to: EntityStatus, reason: string | null): Entity | undefined => {
      if (!allowedTransitions(entity.status).includes(to)) return undefined;
      const timestamp = new Date(now()).toISOString();
      const { entity_id, entity_type, status: from_status } = entity;
      const moved: Entity = { ...entity, status: to, updated_at: timestamp };
      entities.set(entity_id, moved);
      history.push({ entity_id, entity_type, from_status, to_status: to, reason, timestamp });
      return moved;
    },
    history: (limit: number, entityId?: string): { history: Transition[]; total: number } => {
      const all = history.newest(HISTORY_KEPT);
      const found = entityId === undefined ? all : all.filter((one) => one.entity_id === entityId);
      return {
        history: found.slice(0, limit),
        total: entityId === undefined ? history.total : found.length,
      };
    },
    stats: () => {
      const counts = (of: readonly string[], field: "entity_type" | "status") =>
        Object.fromEntries(
          of.map((name) => [
            name,
            [...entities.values()].filter((entity) => entity[field] === name).length,
          ]),
        );
      return {
        total_entities: entities.size,
        by_type: counts(ENTITY_TYPES, "entity_type"),
        by_status: counts(ENTITY_STATUSES, "status"),
        total_transitions: history.total,
      };
    },
    /** Somebody with an account and a session; one that is closed only after a few tries. */
    pickActors: (chances: Random): Actors => {
      let person = chances.pick(people);
      for (let tries = 0; tries < 4 && !isOpen(person.userId); tries += 1)
        person = chances.pick(people);
      const { userId, accountIds, sessionId } = person;
      return { userId, accountId: chances.pick(accountIds), sessionId };
    },
  };
};

export type EntityStore = ReturnType<typeof createEntityStore>;
