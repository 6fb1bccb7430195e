import { expect, test } from "vitest";
import { interpretResponse } from "./response.ts";

const numbers = ["100", "101", "102", "103"];
const interpret = (response: unknown) => interpretResponse(response, numbers);
const failing = (...identifiers: unknown[]) =>
  interpret({ batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) });

test.each([
  ["nothing", undefined],
  ["null", null],
  ["an empty object", {}],
  ["a null list", { batchItemFailures: null }],
  ["an empty list", { batchItemFailures: [] }],
])("%s is success", (_name, response) => {
  expect(interpret(response)).toEqual({ isDone: true });
});

test("one failure is tried again from its record on", () => {
  expect(failing("102")).toMatchObject({ isDone: false, doneCount: 2 });
});

test("of several failures the lowest sequence number counts", () => {
  expect(failing("103", "101", "102")).toMatchObject({ isDone: false, doneCount: 1 });
});

test.each([
  ["an empty identifier", failing("")],
  ["a null identifier", failing(null)],
  ["a number for an identifier", failing(102)],
  ["a record of another batch", failing("999")],
  ["a good and a bad identifier", failing("102", "999")],
  ["a misnamed identifier", interpret({ batchItemFailures: [{ itemIdentifer: "102" }] })],
  ["an item that is no object", interpret({ batchItemFailures: ["102"] })],
  ["a list that is none", interpret({ batchItemFailures: "102" })],
  ["an answer that is no object", interpret("ok")],
])("%s fails the whole batch", (_name, outcome) => {
  expect(outcome).toMatchObject({ isDone: false, doneCount: 0, reason: expect.any(String) });
});
