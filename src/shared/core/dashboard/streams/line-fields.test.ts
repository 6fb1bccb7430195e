import fc from "fast-check";
import { expect, test } from "vitest";
import { fieldsOf, plainValue, summaryOf } from "./line-fields.ts";

test("members of any JSON object are found with the text they were written with", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 20 }),
      fc.constantFrom(0, 2),
      (object, indent) => {
        const fields = fieldsOf(JSON.stringify(object, null, indent));
        const parsed = fields?.map(({ name, value }) => [name, JSON.parse(value)]);
        expect(parsed).toEqual(Object.entries(JSON.parse(JSON.stringify(object))));
      },
    ),
  );
});

test("no number is read, so none is rounded", () => {
  expect(fieldsOf('{"id":9007199254740993,"a":1.0,"e":1e3}')).toEqual([
    { name: "id", value: "9007199254740993" },
    { name: "a", value: "1.0" },
    { name: "e", value: "1e3" },
  ]);
});

test("what is no object has no members, however it is broken", () => {
  for (const text of ["", "oops", "[1]", "{", '{"a"', '{"a":', '{"a":1', '{"a":"b', "{a:1}"])
    expect(fieldsOf(text), text).toBeUndefined();
  fc.assert(fc.property(fc.string(), (text) => void fieldsOf(`{${text}`)));
});

test("time, service and message stand by themselves; of nested logs, too", () => {
  expect(summaryOf('{"service":"a","level":"INFO","message":"hi \\"you\\"","n":1}')).toEqual({
    time: undefined,
    service: "a",
    message: 'hi "you"',
    rest: [{ name: "n", value: "1" }],
  });
  expect(summaryOf('{"timestamp":"t","data":{"service":"a","message":"m"}}')).toMatchObject({
    time: "t",
    service: "a",
    message: "m",
  });
  expect(plainValue("null")).toBe("null");
});
