import { expect, test } from "vitest";
import { currentStates } from "./consumer-state.ts";
import { initialShardState } from "./event-source/shard-state.ts";

const stateOf = (stream: string, createdAt: string, shardId: string) =>
  initialShardState(stream, createdAt, { shardId, parentShardIds: [] });

test("the states of a deleted stream do not count beside those of the stream made anew", () => {
  const old = ["a", "b"].map((shard) => stateOf("logs", "2025-11-14T01:00:00.000Z", shard));
  const now = stateOf("logs", "2025-11-15T01:00:00.000Z", "a");
  const other = stateOf("metrics", "2025-11-13T01:00:00.000Z", "a");
  expect(currentStates([...old, now, other])).toEqual([now, other]);
  expect(currentStates(old)).toEqual(old);
});
