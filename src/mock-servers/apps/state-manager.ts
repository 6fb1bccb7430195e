import type { Hono } from "hono";
import * as z from "zod";
import type { Logger } from "../../shared/core/logger.ts";
import { type EntityStore, MAX_ENTITIES } from "../entities/store.ts";
import { allowedTransitions, ENTITY_STATUSES, ENTITY_TYPES } from "../entities/transitions.ts";
import {
  members,
  notFound,
  Refusal,
  readBody,
  readQuery,
  text,
  unprocessable,
  wholeNumber,
  word,
} from "./request.ts";
import { createServiceApp } from "./service-app.ts";

export type StateManagerDeps = { store: EntityStore; log: Logger };

const NAME = "state-manager";
const SHOWN = 100;
const MOST_SHOWN = 1_000;

const entityBody = z.object({
  entity_id: text(128),
  id: text(128),
  entity_type: word(ENTITY_TYPES),
  type: word(ENTITY_TYPES),
  status: word(ENTITY_STATUSES),
  attributes: members(),
  metadata: members(),
});

const entityQuery = z.object({
  entity_type: word(ENTITY_TYPES),
  type: word(ENTITY_TYPES),
  status: word(ENTITY_STATUSES),
  limit: wholeNumber(1, MOST_SHOWN),
});

const transitionFields = z.object({
  to_status: word(ENTITY_STATUSES),
  reason: text(1_000),
});

const historyQuery = z.object({ entity_id: text(128), limit: wholeNumber(1, MOST_SHOWN) });

/** Port base + 3: the entities that logs are about, and what state they are in. */
export const createStateManager = ({ store, log }: StateManagerDeps): Hono => {
  const app = createServiceApp({ name: NAME, log });

  const entityOf = (id: string) => {
    const entity = store.get(id);
    if (entity === undefined) throw notFound("entity", id, "GET /api/entities lists them.");
    return entity;
  };

  app.get("/health", (c) => c.json({ status: "healthy", service: NAME }));

  app.post("/api/entities", async (c) => {
    const body = await readBody(c, entityBody);
    const type = body.entity_type ?? body.type;
    if (type === undefined)
      throw unprocessable(`entity_type is missing: one of ${ENTITY_TYPES.join(", ")}.`);
    const id = body.entity_id ?? body.id;
    if (id !== undefined && store.has(id))
      throw new Refusal(409, {
        code: "EXISTS",
        detail: `There is an entity ${JSON.stringify(id)} already. Choose another entity_id.`,
      });
    const attributes = body.attributes ?? body.metadata;
    const entity = store.add({ id, type, status: body.status, attributes });
    if (entity === undefined)
      throw new Refusal(409, {
        code: "FULL",
        detail: `There are ${MAX_ENTITIES} entities, which is the most there can be.`,
      });
    return c.json(entity);
  });

  app.get("/api/entities", (c) => {
    const query = readQuery(c, entityQuery);
    const type = query.entity_type ?? query.type;
    return c.json(store.list({ type, status: query.status }, query.limit ?? SHOWN));
  });

  app.get("/api/entities/:id", (c) => c.json(entityOf(c.req.param("id"))));

  app.post("/api/entities/:id/transition", async (c) => {
    const entity = entityOf(c.req.param("id"));
    const query = readQuery(c, transitionFields);
    const body = query.to_status === undefined ? await readBody(c, transitionFields) : query;
    const to = body.to_status;
    if (to === undefined)
      throw unprocessable(`to_status is missing: one of ${ENTITY_STATUSES.join(", ")}.`);
    const moved = store.transition(entity, to, body.reason ?? query.reason ?? null);
    if (moved !== undefined) return c.json(moved);
    const allowed = allowedTransitions(entity.status);
    throw new Refusal(409, {
      code: "INVALID_TRANSITION",
      detail: `${entity.entity_id} is ${entity.status} and cannot become ${to}. ${allowed.length === 0 ? "It stays so." : `It can become ${allowed.join(", ")}.`}`,
      current_status: entity.status,
      allowed,
    });
  });

  app.get("/api/history", (c) => {
    const { entity_id, limit = SHOWN } = readQuery(c, historyQuery);
    return c.json(store.history(limit, entity_id));
  });

  app.get("/api/stats", (c) => c.json(store.stats()));

  return app;
};
