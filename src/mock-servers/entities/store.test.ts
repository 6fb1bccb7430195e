import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../../shared/core/random.ts";
import { createEntityStore, MAX_ENTITIES } from "./store.ts";
import { allowedTransitions, ENTITY_STATUSES, ENTITY_TYPES } from "./transitions.ts";

const storeOf = (seed = 1) => createEntityStore({ random: createRandom(seed), now: () => 0 });

test("a store starts with entities of every type, the same for the same seed", () => {
  const { by_type } = storeOf().stats();
  for (const type of ENTITY_TYPES) expect(by_type[type]).toBeGreaterThan(0);
  expect(storeOf(2).list({}, 5_000)).toEqual(storeOf(2).list({}, 5_000));
});

test("an entity moves along allowed transitions only, and every move is in the history", () => {
  const status = fc.constantFrom(...ENTITY_STATUSES);
  fc.assert(
    fc.property(fc.array(status, { maxLength: 20 }), (wanted) => {
      const store = storeOf();
      store.add({ id: "e", type: "user" });
      let moves = 0;
      for (const to of wanted) {
        const entity = store.get("e");
        if (entity === undefined) throw new Error("The entity is gone.");
        const isAllowed = allowedTransitions(entity.status).includes(to);
        expect(store.transition(entity, to, "why")?.status).toBe(isAllowed ? to : undefined);
        moves += isAllowed ? 1 : 0;
        expect(store.get("e")?.status).toBe(isAllowed ? to : entity.status);
      }
      expect(store.history(100, "e").history).toHaveLength(moves);
      expect(store.stats().total_transitions).toBe(moves);
    }),
    { numRuns: 30 },
  );
});

test("nothing leaves the closed state", () => {
  expect(allowedTransitions("closed")).toEqual([]);
});

test("a full store takes no more, and remembers only the last transitions", () => {
  const store = storeOf();
  while (!store.isFull()) store.add({ type: "session" });
  expect(store.add({ type: "user" })).toBeUndefined();
  expect(store.stats().total_entities).toBe(MAX_ENTITIES);
  const id = store.list({ type: "user" }, 1).entities[0]?.entity_id ?? "";
  for (let round = 0; round < 1_500; round += 1) {
    const entity = store.get(id);
    if (entity) store.transition(entity, round % 2 === 0 ? "locked" : "active", null);
  }
  expect(store.history(5_000).history).toHaveLength(1_000);
  expect(store.history(1).total).toBe(1_500);
});
